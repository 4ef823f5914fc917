"""Local clocks, against the time zone database."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.departements import CODES
from model.french_time import local_seconds

ZONES = {
    "75": "Europe/Paris",
    "2B": "Europe/Paris",
    "971": "America/Guadeloupe",
    "972": "America/Martinique",
    "973": "America/Cayenne",
    "974": "Indian/Reunion",
    "976": "Indian/Mayotte",
}


def ours(unix: float, code: str) -> float:
    number = CODES.index(code) if code else -1
    return float(local_seconds(np.array([unix]), np.array([number], np.int16))[0]) - unix


def theirs(unix: float, zone: str) -> float:
    offset = datetime.fromtimestamp(unix, UTC).astimezone(ZoneInfo(zone)).utcoffset()
    assert offset is not None
    return offset.total_seconds()


@given(
    st.datetimes(datetime(1996, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC)),
    st.sampled_from(sorted(ZONES)),
)
def test_clocks_agree_with_the_database(moment: datetime, code: str) -> None:
    unix = moment.timestamp()
    assert ours(unix, code) == theirs(unix, ZONES[code])


@pytest.mark.parametrize("year", range(1996, 2038))
@pytest.mark.parametrize("month", [3, 10])
def test_clocks_turn_at_the_same_second(year: int, month: int) -> None:
    days = range(24, 32)
    hours = [datetime(year, month, day, 1, tzinfo=UTC).timestamp() for day in days]
    for unix in (moment + step for moment in hours for step in (-1, 0)):
        assert ours(unix, "75") == theirs(unix, "Europe/Paris")


def test_an_unknown_place_reads_the_clock_of_paris() -> None:
    summer = datetime(2026, 7, 1, tzinfo=UTC).timestamp()
    assert ours(summer, "") == 7_200


def test_far_years_have_a_clock_too() -> None:
    for year in (1, 1900, 2400, 9999):
        assert ours(datetime(year, 7, 1, tzinfo=UTC).timestamp(), "75") == 3_600
