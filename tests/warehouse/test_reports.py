"""The reports against a plain-Python computation over the same 210,000 lessons."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from google.cloud import bigquery

from tests.warehouse import corners, plain_reports
from tests.warehouse.loads import load
from tests.warehouse.plain_reports import Lesson, Output
from warehouse import reports
from warehouse.client import new_client
from warehouse.settings import WarehouseSettings


class World(NamedTuple):
    """The same rows twice: in the warehouse and in memory."""

    client: bigquery.Client
    lessons: list[Lesson]
    outputs: list[Output]

    def ask(self, report: reports.Report) -> list[dict[str, Any]]:
        table = reports.answer(self.client, report)
        return [dict(zip(table.columns, row, strict=True)) for row in table.rows]

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        return [row.values() for row in self.client.query_and_wait(text)]


@pytest.fixture(scope="module")
def world(new_warehouse: Callable[[], WarehouseSettings]) -> World:
    client = new_client(new_warehouse())
    lessons = corners.lessons()
    outputs = corners.outputs(lessons)
    load(client, "lessons", corners.json_lines(corners.lesson_rows(lessons)))
    load(client, "bookings", corners.json_lines(corners.booking_rows(lessons)))
    load(client, "slot_probabilities", corners.json_lines(corners.output_rows(outputs, lessons)))
    return World(client, lessons, outputs)


FOR_EVER = ("1900-01-01", "9999-12-30")
Q3 = ("2020-07-01", "2020-09-30")


@pytest.mark.parametrize(
    ("days", "nth", "top", "count_all"),
    [
        (Q3, 50, 5, False),
        (Q3, 50, 5, True),
        (Q3, 400, 60, False),
        (("2020-07-01", "2020-07-01"), 2, 400, False),
        (("2020-03-29", "2020-03-29"), 1, 400, False),
        (("1900-01-01", "9999-12-30"), 1000, 50, False),
    ],
)
def test_nth_lesson(
    world: World, days: tuple[str, str], nth: int, top: int, count_all: bool
) -> None:
    period = reports.period(*days)
    found = world.ask(reports.nth_lesson(period, nth=nth, top=top, count_all=count_all))
    expected = plain_reports.nth_lesson(
        world.lessons, period.first, period.last, nth=nth, top=top, count_all=count_all
    )
    assert expected
    assert [
        (
            row["place"],
            row["instructor_id"],
            row["lessons"],
            row["nth_lesson_day"],
            row["nth_lesson_start_at"],
            row["nth_lesson_id"],
        )
        for row in found
    ] == expected


def test_the_corners_are_among_the_lessons(world: World) -> None:
    """Or the comparison would prove less than it says."""
    ranked = plain_reports.nth_lesson(
        world.lessons, date(2020, 7, 1), date(2020, 9, 30), nth=1, top=400, count_all=False
    )
    counts = [row[2] for row in ranked]
    assert any(one == other for one, other in pairwise(counts))
    assert len(world.lessons) >= 200_000
    assert sum(lesson.start_at.microsecond == 999_999 for lesson in world.lessons) > 100
    assert sum(lesson.deleted_at == lesson.start_at for lesson in world.lessons) > 1_000
    assert sum(len(lesson.bookings) > 1 for lesson in world.lessons) > 1_000
    outcomes = {(lesson.booked, lesson.given) for lesson in world.lessons}
    assert outcomes == {(True, True), (True, False), (False, False)}
    # By themselves, so that the corner alone decides.
    nulls = Counter(
        (lesson.partnership_type is None, lesson.department_code is None)
        for lesson in world.lessons
    )
    assert min(nulls[True, False], nulls[False, True], nulls[True, True]) > 1_000
    for zone in (plain_reports.PARIS, UTC):
        midnight = [
            lesson for lesson in world.lessons if lesson.start_at.astimezone(zone).time() == time()
        ]
        assert len(midnight) > 1_000
        assert {lesson.given for lesson in midnight} == {True, False}
    alone = [lesson for lesson in world.lessons if len(lesson.bookings) == 1]
    booked_at_the_start = [each for each in alone if each.bookings[0].created_at == each.start_at]
    cancelled_at_the_start = [
        each for each in alone if each.bookings[0].deleted_at == each.start_at
    ]
    assert sum(lesson.given for lesson in booked_at_the_start) > 1_000
    assert sum(lesson.given for lesson in cancelled_at_the_start) > 1_000


@pytest.mark.parametrize(
    ("days", "types"),
    [
        (("2020-02-01", "2020-09-01"), ["EI", "EIRL"]),
        (("2020-02-01", "2020-09-01"), []),
        (("2020-07-01", "2020-07-01"), ["SASU"]),
        (("2020-03-29", "2020-03-29"), []),
        (("2019-01-01", "2019-12-31"), []),
    ],
)
def test_lessons_by_department(world: World, days: tuple[str, str], types: list[str]) -> None:
    period = reports.period(*days)
    found = world.ask(reports.lessons_by_department(period, types))
    expected = plain_reports.lessons_by_department(world.lessons, period.first, period.last, types)
    assert {
        (row["department_code"], row["partnership_type"]): (
            row["lessons"],
            row["deleted"],
            row["given"],
        )
        for row in found
    } == expected
    assert len(found) == len(expected)
    order = [(row["department_code"], row["partnership_type"] or "") for row in found]
    assert order == sorted(order)


def test_no_types_are_all_types_also_where_bigquery_takes_an_empty_array_for_null(
    world: World,
) -> None:
    """The emulator keeps it empty: the query is given the NULL that it would meet there."""
    report = reports.lessons_by_department(reports.period(*Q3), [])
    null = report.query.text.replace("@partnership_types", "CAST(NULL AS ARRAY<STRING>)")
    assert null != report.query.text
    config = bigquery.QueryJobConfig(
        query_parameters=[
            bigquery.ScalarQueryParameter(name, "DATE", report.values[name])
            for name in ("from_day", "to_day")
        ]
    )
    found = [tuple(row) for row in world.client.query_and_wait(null, job_config=config)]
    assert found == [tuple(row.values()) for row in world.ask(report)] != []


@pytest.mark.parametrize(
    "days", [Q3, ("2020-01-01", "2020-12-31"), ("2020-07-01", "2020-07-01"), FOR_EVER]
)
def test_model_quality(world: World, days: tuple[str, str]) -> None:
    period = reports.period(*days)
    found = world.ask(
        reports.model_quality(
            period, known_until=corners.KNOWN_UNTIL, revoked_versions=["corrupted", "unheard-of"]
        )
    )
    expected = plain_reports.model_quality(
        world.lessons, world.outputs, period.first, period.last, corners.KNOWN_UNTIL
    )
    assert [(row["model_version"], row["day"]) for row in found] == sorted(expected)
    for row in found:
        key = (row["model_version"], row["day"])
        assert row["revoked"] is (row["model_version"] == "corrupted")
        assert row["slots"] == expected[key][0]
        assert (
            row["mean_probability"],
            row["booked_share"],
            row["calibration_error"],
            row["brier"],
        ) == pytest.approx(expected[key][1:], abs=1e-9)


def literals(bounds: tuple[str, str]) -> str:
    return ", ".join(f"TIMESTAMP '{bound}'" for bound in bounds)


ALWAYS = ("0001-01-01 00:00:00+00", "9999-12-31 23:59:59+00")
SUMMER = ("2020-07-01 00:00:00+00", "2020-07-08 00:00:00+00")


@pytest.mark.parametrize(
    ("asked", "bounds"),
    [
        ("probabilities_in_force", ALWAYS),
        (f"probabilities_between({literals(SUMMER)})", SUMMER),
        (f"probabilities_between({literals(ALWAYS)})", ALWAYS),
    ],
    ids=["view", "a week", "always"],
)
def test_the_probabilities_in_force(world: World, asked: str, bounds: tuple[str, str]) -> None:
    first, end = map(datetime.fromisoformat, bounds)
    starts = {lesson.lesson_id: lesson.start_at for lesson in world.lessons}
    expected = {
        slot: (output.probability, output.model_version, output.epoch)
        for slot, output in plain_reports.in_force(world.outputs).items()
        if first <= (corners.announced_start(output, starts) or first) < end
    }
    found = world.rows(f"SELECT slot_id, probability, model_version, epoch FROM {asked}")
    assert len(found) == len(expected) > 1_000
    assert {slot: tuple(rest) for slot, *rest in found} == expected


@pytest.mark.parametrize(
    ("asked", "bounds"),
    [
        ("outcomes", ALWAYS),
        (f"outcomes_between({literals(SUMMER)})", SUMMER),
    ],
    ids=["view", "a week"],
)
def test_the_outcomes(world: World, asked: str, bounds: tuple[str, str]) -> None:
    first, end = map(datetime.fromisoformat, bounds)
    foretold = plain_reports.in_force(world.outputs)
    expected = {
        each.lesson_id: (foretold[each.lesson_id].probability, each.booked, each.given)
        for each in world.lessons
        if first <= each.start_at < end and each.lesson_id in foretold
    }
    found = world.rows(f"SELECT lesson_id, probability, booked, given FROM {asked}")
    assert len(found) == len(expected) > 1_000
    assert {lesson: tuple(rest) for lesson, *rest in found} == expected


def test_a_type_that_no_lesson_of_the_period_has_is_said_with_those_there(world: World) -> None:
    period = reports.period("2020-02-01", "2020-09-01")
    table = reports.answer(world.client, reports.lessons_by_department(period, ["EI", "ei"]))
    with pytest.raises(
        reports.UnknownPartnershipTypeError,
        match="no lesson from 2020-02-01 to 2020-09-01 is of partnership type 'ei'; "
        "there are EI, EIRL, EURL, ME, SARL, SAS, SASU",
    ):
        reports.check_types(world.client, period, ["EI", "ei"], table)


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2020-13-01", "2020-09-30", "--from '2020-13-01' is not a day"),
        ("2020-07-01", "yesterday", "--to 'yesterday' is not a day"),
        ("20200701", "2020-09-30", "--from '20200701' is not a day"),
        ("2020-09-30", "2020-07-01", "--from 2020-09-30 is after --to 2020-07-01"),
        ("0001-01-01", "2020-07-01", "not between 1900-01-01"),
        ("2020-07-01", "9999-12-31", "not between 1900-01-01 and 9999-12-30"),
    ],
)
def test_bad_periods_are_one_line(first: str, last: str, said: str) -> None:
    with pytest.raises(reports.BadPeriodError) as refused:
        reports.period(first, last)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
