"""UTC and the wall clock of a French département, for whole arrays at once.

Metropolitan France keeps the European Union's summer time, from the last Sunday of March to the
last Sunday of October; the overseas départements do not. Lessons start by day and the clocks change
at night, so the local *date* is enough to know the offset.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Dates = NDArray[np.datetime64]

OVERSEAS_HOURS: Final = {"971": -4, "972": -4, "973": -3, "974": 4, "976": 3}
"""Hours ahead of UTC, all year round; a code that is not listed keeps Paris time."""


def weekday(dates: Dates) -> NDArray[np.int64]:
    """The day of the week, 0 for Monday to 6 for Sunday."""
    # 1970-01-01 was a Thursday.
    return np.asarray((dates.astype("M8[D]").astype(np.int64) + 3) % 7)


def month(dates: Dates) -> NDArray[np.int64]:
    """The month, 1 to 12."""
    return np.asarray(dates.astype("M8[M]").astype(np.int64) % 12 + 1)


def hours_ahead(codes: NDArray[np.str_], local_dates: Dates) -> NDArray[np.int64]:
    """Hours ahead of UTC of each département ``codes[i]`` on the local date ``local_dates[i]``."""
    days = local_dates.astype("M8[D]")
    years = days.astype("M8[Y]")
    summer = (days >= _last_sunday(years, 3)) & (days < _last_sunday(years, 10))
    hours = np.where(summer, 2, 1)
    for code, fixed in OVERSEAS_HOURS.items():
        hours[codes == code] = fixed
    return hours


def _last_sunday(years: Dates, of_month: int) -> Dates:
    last_day = (years.astype("M8[M]") + np.timedelta64(of_month, "M")).astype("M8[D]") - 1
    return np.asarray(last_day - (weekday(last_day) + 1) % 7)
