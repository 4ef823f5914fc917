"""What the clocks of a département show, without a time zone database.

A feature must come out the same on every machine, and databases differ between images. France
follows the European rule (directive 2000/84/EC: summer time from the last Sunday of March to the
last of October, both at 01:00 UTC); its overseas départements keep one offset all year.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.departements import CODES

HOUR: Final = 3_600
OVERSEAS_HOURS: Final = {"971": -4, "972": -4, "973": -3, "974": 4, "976": 3}

FIRST_YEAR: Final = 1996
LAST_YEAR: Final = 2399
"""Summer time is known from the year of the rule on; any other year counts as winter."""


def _last_sundays(month: int) -> NDArray[np.int64]:
    """Unix seconds of 01:00 UTC on the last Sunday of ``month`` (31 days), a year each."""
    years = np.arange(FIRST_YEAR, LAST_YEAR + 1)
    last_day = np.array([f"{year}-{month:02}-31" for year in years], "datetime64[D]")
    days = last_day.astype(np.int64)
    sunday = days - (days - 3) % 7  # 1970-01-01, day 0, was a Thursday; day 3 a Sunday
    return sunday * 24 * HOUR + HOUR


_TURNS: Final = np.column_stack([_last_sundays(3), _last_sundays(10)]).ravel()
_OVERSEAS: Final = np.array([OVERSEAS_HOURS.get(code, 0) for code in ("", *CODES)]) * HOUR
_IS_OVERSEAS: Final = np.array([code in OVERSEAS_HOURS for code in ("", *CODES)])


def local_seconds(
    unix_seconds: NDArray[np.float64], departements: NDArray[np.int16]
) -> NDArray[np.float64]:
    """Unix seconds moved by the local offset, so that plain arithmetic gives hour and weekday.

    ``departements``: places in ``CODES``; -1 (not known) reads Paris's clock.
    """
    summer = np.searchsorted(_TURNS, unix_seconds, side="right") % 2
    offset = np.where(
        _IS_OVERSEAS[departements + 1], _OVERSEAS[departements + 1], HOUR + HOUR * summer
    )
    moved: NDArray[np.float64] = unix_seconds + offset
    return moved
