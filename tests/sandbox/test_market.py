"""The synthetic market: reproducible, in the right places, and true to its own probabilities."""

import csv
import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from creneau.sandbox.history import LAST_DAY, make_history
from creneau.sandbox.local_time import hours_ahead, month, weekday
from creneau.sandbox.market import Market, make_market
from creneau.sandbox.market_csv import COLUMNS, CannotWriteMarketError, write_market
from creneau.sandbox.places import PLACES
from creneau.sandbox.slots import offer_slots
from model.departements import locate
from warehouse.csv_rows import SOURCES

SCHEMA = Path(__file__).parents[2] / "sql" / "schema"
WORKED_OUT_AT_LOAD = {
    "department_code",
    "department_method",
    "department_distance_m",
    # A booking's; a lesson's own is in its file.
    "lesson_start_at",
}


@pytest.fixture(scope="module")
def market() -> Market:
    return make_market(seed=7)


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    first = write_market(tmp_path / "first", lessons=2_000, seed=3)
    again = write_market(tmp_path / "again", lessons=2_000, seed=3)
    other = write_market(tmp_path / "other", lessons=2_000, seed=4)
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
    assert all(a.read_bytes() != b.read_bytes() for a, b in zip(first, other, strict=True))


def test_the_files_have_the_columns_of_the_warehouse(tmp_path: Path) -> None:
    for path in write_market(tmp_path, lessons=100, seed=1):
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        assert header == list(COLUMNS[path.stem])
        assert {len(row) for row in rows} == {len(header)}
        ddl = (SCHEMA / f"{path.stem}.sql").read_text("utf-8")
        declared = set(re.findall(r"^    (\w+) [A-Z]+\w*", ddl, flags=re.MULTILINE))
        assert declared - set(header) <= WORKED_OUT_AT_LOAD
        assert set(SOURCES[path.stem]) <= set(header)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CannotWriteMarketError, match="give another --out"):
        write_market(tmp_path / "file", lessons=10, seed=1)


def test_every_town_lies_in_its_departement() -> None:
    found = locate(
        np.array([place.latitude for place in PLACES]),
        np.array([place.longitude for place in PLACES]),
    ).codes
    assert list(found) == [place.code for place in PLACES]
    assert len(PLACES) == 101


def test_every_meeting_point_lies_in_its_departement(market: Market) -> None:
    points = market.points
    assert (locate(points.latitude, points.longitude).codes == points.departement).all()


def test_an_instructor_stays_in_one_departement_and_meets_at_an_own_point(market: Market) -> None:
    points, people = market.points, market.instructors
    assert (people.departement[points.instructor] == points.departement).all()
    created = np.full(5_000, np.datetime64("2026-03-01T12:00", "ms"))
    slots = offer_slots(market, np.random.default_rng(0), created)
    assert (points.instructor[slots.point] == slots.instructor).all()


def test_lessons_start_after_they_are_announced_and_by_day_on_the_local_clock(
    market: Market,
) -> None:
    lessons = make_history(market, seed=7, lessons=20_000).lessons
    lead = (lessons.lesson_start_at - lessons.created_at) / np.timedelta64(1, "h")
    assert lead.min() > 0.5
    assert lead.max() < 62 * 24
    assert lessons.created_at.max() < LAST_DAY
    codes = market.points.departement[lessons.point]
    local = lessons.lesson_start_at + hours_ahead(codes, lessons.lesson_start_at).astype("m8[h]")
    hours = local.astype("M8[h]").astype(int) % 24
    assert hours.min() == 7
    assert hours.max() == 20


def test_slots_are_booked_as_often_as_their_true_probability_says(market: Market) -> None:
    history = make_history(market, seed=7, lessons=100_000)
    truth = history.lessons.true_probability
    booked = np.zeros(len(truth))
    booked[history.bookings.lesson] = 1.0
    edges = np.quantile(truth, np.linspace(0, 1, 11))
    for low, high in itertools.pairwise(edges):
        inside = (truth >= low) & (truth <= high)
        assert booked[inside].mean() == pytest.approx(truth[inside].mean(), abs=0.02)
    assert 0.4 < truth.mean() < 0.7
    assert np.quantile(truth, 0.9) - np.quantile(truth, 0.1) > 0.4


def test_a_booking_falls_between_announcement_and_lesson_and_its_cancellation_after_it(
    market: Market,
) -> None:
    history = make_history(market, seed=7, lessons=20_000)
    lessons, bookings = history.lessons, history.bookings
    assert (bookings.booked_at >= lessons.created_at[bookings.lesson]).all()
    assert (bookings.booked_at <= lessons.lesson_start_at[bookings.lesson]).all()
    cancelled = ~np.isnat(bookings.cancelled_at)
    assert 0.07 < cancelled.mean() < 0.11
    assert (bookings.cancelled_at[cancelled] >= bookings.booked_at[cancelled]).all()


@pytest.mark.parametrize(
    ("last_day_before", "hours", "hours_next_day"),
    [
        ("2024-03-30", 1, 2),
        ("2024-10-26", 2, 1),
        ("2026-03-28", 1, 2),
        ("2026-10-24", 2, 1),
        ("2027-03-27", 1, 2),
        ("2027-10-30", 2, 1),
        ("2026-12-31", 1, 1),
        ("2026-07-14", 2, 2),
    ],
)
def test_the_clocks_of_paris_change_in_march_and_october(
    last_day_before: str, hours: int, hours_next_day: int
) -> None:
    day = np.datetime64(last_day_before, "D")
    days = np.array([day, day + 1])
    assert hours_ahead(np.array(["75", "2A"]), days).tolist() == [hours, hours_next_day]
    overseas = np.array(["974", "973"])
    assert hours_ahead(overseas, days).tolist() == [4, -3]


def test_weekdays_and_months_are_the_calendars() -> None:
    days = np.arange("1999-12-25", "2028-01-05", dtype="M8[D]")
    assert weekday(days).tolist() == [day.weekday() for day in days.tolist()]
    assert month(days).tolist() == [day.month for day in days.tolist()]
