"""The training set: what was known at the moment of creation, and nothing that came later."""

import json
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.cloud import bigquery
from numpy.testing import assert_array_equal

from creneau.cli.main import main
from model.dataset import Lessons
from model.features import FEATURE_NAMES
from tests.warehouse.corners import json_lines
from tests.warehouse.loads import load
from warehouse import queries, training
from warehouse.client import new_client
from warehouse.reports import period
from warehouse.settings import WarehouseSettings
from warehouse.training import training_set

LESSONS = 1_200
START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAYS = period("2026-03-01", "2026-12-31")
TYPES = ("EI", "ME", "SASU")


def text(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


def starts(number: int) -> datetime:
    return START + timedelta(hours=number)


def created(number: int) -> datetime:
    return starts(number) - timedelta(hours=24 + number % 100)


def announced(number: int) -> bool:
    """Every other lesson is from before the announcements."""
    return number % 2 == 0


def knew_its_minutes(number: int) -> bool:
    """Of some lessons the minutes were not known when they were announced."""
    return number % 10 != 0


def booked(number: int) -> bool:
    return number % 3 == 0


def lesson_rows() -> list[dict[str, Any]]:
    return [
        {
            "lesson_id": f"lesson-{number:04}",
            "instructor_id": f"instructor-{number % 7}",
            "meeting_point_id": f"point-{number % 5}",
            "lesson_start_at": text(starts(number)),
            "lesson_created_at": text(created(number)),
            "partnership_type": TYPES[number % 3],
            "department_code": "75",
            "duration_minutes": 60,
        }
        for number in range(LESSONS)
    ]


def event_rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for number in filter(announced, range(LESSONS)):
        event = {
            "schema_version": 1,
            "slot_id": f"lesson-{number:04}",
            "partnership_type": TYPES[number % 3],
            "latitude": 48.0 + number % 5 / 10,
            "longitude": 2.0,
            "lesson_start_at": text(starts(number)),
            "created_at": text(created(number)).replace("Z", ".000000999Z"),
            "duration_minutes": 60 if knew_its_minutes(number) else None,
        }
        rows.append(event_row(number, event, created(number)))
    return rows


def event_row(offset: int, event: dict[str, Any], published: datetime, **more: Any) -> Any:
    return {
        "source_partition": 0,
        "source_offset": offset,
        "published_at": text(published),
        "key": b64encode(str(event["slot_id"]).encode()).decode(),
        "value": b64encode(json.dumps(event).encode()).decode(),
        "topic_id": "t",
        "range_from": 0,
        "range_to": LESSONS,
        **more,
    }


def fill(client: bigquery.Client) -> None:
    points = [
        {
            "meeting_point_id": f"point-{number}",
            "mp_latitude": 48.0 + number / 10,
            "mp_longitude": 2.0,
            "department_code": "75",
            "department_method": "polygon",
        }
        for number in range(5)
    ]
    bookings = [
        {
            "booking_id": f"booking-{number}",
            "lesson_id": f"lesson-{number:04}",
            "booking_created_at": text(created(number) + timedelta(hours=1)),
            "lesson_start_at": text(starts(number)),
        }
        for number in filter(booked, range(LESSONS))
    ]
    load(client, "meeting_points", json_lines(iter(points)))
    load(client, "lessons", json_lines(iter(lesson_rows())))
    load(client, "bookings", json_lines(iter(bookings)))
    load(client, "slot_events", json_lines(iter(event_rows())))


@pytest.fixture(scope="module")
def filled(new_warehouse: Callable[[], WarehouseSettings]) -> WarehouseSettings:
    settings = new_warehouse()
    fill(new_client(settings))
    return settings


@pytest.fixture(scope="module")
def before(filled: WarehouseSettings) -> Lessons:
    """The training set as it was on the first of June."""
    return training_set(new_client(filled), DAYS, known_until=NOW, unannounced=True)


@pytest.fixture(scope="module")
def later(filled: WarehouseSettings, before: Lessons) -> bigquery.Client:
    """The same warehouse after much has happened to the lessons that were announced."""
    client = new_client(filled)
    period_ = "lesson_start_at >= '2026-01-01' AND MOD(CAST(SUBSTR(lesson_id, 8) AS INT64), 2) = 0"
    for statement in (
        # Instructors changed their legal form, lessons were deleted and made longer.
        "UPDATE lessons SET partnership_type = 'SARL', duration_minutes = 999, "
        f"lesson_deleted_at = TIMESTAMP_SUB(lesson_start_at, INTERVAL 1 HOUR) WHERE {period_}",
        f"UPDATE lessons SET meeting_point_id = 'point-moved' WHERE {period_}",
        # … and moved by a week, with their bookings.
        *(
            f"UPDATE {table} SET lesson_start_at = "
            f"TIMESTAMP_ADD(lesson_start_at, INTERVAL 168 HOUR) WHERE {period_}"
            for table in ("lessons", "bookings")
        ),
        "INSERT INTO meeting_points (meeting_point_id, mp_latitude, mp_longitude, "
        "department_method) VALUES ('point-moved', 43.3, 5.4, 'polygon')",
        f"UPDATE bookings SET booking_deleted_at = lesson_start_at WHERE {period_}",
    ):
        client.query_and_wait(statement)
    again = {
        "slot_id": "lesson-0000",
        "partnership_type": "SAS",
        "latitude": 44.0,
        "longitude": 5.0,
        "created_at": text(created(0) + timedelta(hours=2)),
        "lesson_start_at": text(starts(0)),
        "duration_minutes": 90,
    }
    # The topic was made anew: offsets begin at 0 again.
    anew = dict(again, slot_id="lesson-0002")
    refused = dict(again, slot_id="lesson-0001")  # its only event, and the decoder refuses it
    rows = [
        event_row(LESSONS, again, created(0) + timedelta(hours=2)),
        event_row(LESSONS + 1, refused, created(1), code="bad-field"),
        event_row(0, anew, created(2) + timedelta(days=9), topic_id="anew"),
    ]
    load(client, "slot_events", json_lines(iter(rows)))
    return client


def test_features_and_label_are_those_of_the_lessons(before: Lessons) -> None:
    order = sorted(range(LESSONS), key=lambda number: (created(number), number))
    assert_array_equal(before.booked, [booked(number) for number in order])
    assert_array_equal(before.created_at, [created(number).timestamp() for number in order])
    lead = before.matrix[:, FEATURE_NAMES.index("lead_hours")]
    assert_array_equal(lead, [24 + number % 100 for number in order])
    latitude = before.matrix[:, FEATURE_NAMES.index("latitude")]
    assert_array_equal(latitude, [48.0 + number % 5 / 10 for number in order])
    minutes = before.matrix[:, FEATURE_NAMES.index("duration_minutes")]
    assert_array_equal(minutes, [60 if knew_its_minutes(number) else np.nan for number in order])
    assert np.isnan(before.matrix).sum() == np.isnan(minutes).sum()


def test_lessons_that_have_not_begun_are_left_out(filled: WarehouseSettings) -> None:
    known = starts(700)
    found = training_set(new_client(filled), DAYS, known_until=known, unannounced=True)
    assert len(found) == 701


def test_lessons_that_were_not_announced_are_left_out_unless_asked_for(
    filled: WarehouseSettings,
) -> None:
    found = training_set(new_client(filled), DAYS, known_until=starts(700))
    assert len(found) == 351


def test_more_lessons_than_fit_are_refused(
    filled: WarehouseSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "MOST", 350)
    with pytest.raises(training.TooManyLessonsError, match=r"351 lessons from .*shorter period"):
        training_set(new_client(filled), DAYS, known_until=starts(700))


def test_nothing_that_came_later_changes_a_feature(before: Lessons, later: bigquery.Client) -> None:
    after = training_set(later, DAYS, known_until=NOW, unannounced=True)
    assert_array_equal(after.matrix, before.matrix)
    assert_array_equal(after.created_at, before.created_at)
    assert_array_equal(after.booked, before.booked)


@pytest.mark.parametrize(
    ("innocent", "leaky"),
    [
        (
            "IF(event.announced, event.partnership_type, lesson.partnership_type)",
            "lesson.partnership_type",
        ),
        (
            "IF(event.announced, event.latitude, meeting_point.mp_latitude)",
            "meeting_point.mp_latitude",
        ),
        (
            "IF(event.announced, event.duration_minutes, lesson.duration_minutes)",
            "COALESCE(event.duration_minutes, lesson.duration_minutes)",
        ),
        (
            "IF(event.announced, event.lesson_start_at, lesson.lesson_start_at)",
            "lesson.lesson_start_at",
        ),
        ("ORDER BY published_at, source_offset", "ORDER BY published_at DESC, source_offset DESC"),
        ("ORDER BY published_at, source_offset", "ORDER BY source_offset, published_at"),
        ("AND code IS NULL", ""),
    ],
)
def test_a_query_that_leaks_would_be_caught(
    before: Lessons,
    later: bigquery.Client,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    innocent: str,
    leaky: str,
) -> None:
    """The test above is able to fail: with a column from after the creation it does."""
    query = queries.query("training_set")
    assert innocent in query.text
    (tmp_path / "leaky.sql").write_text(query.text.replace(innocent, leaky), "utf-8")
    (tmp_path / "leaky.toml").write_bytes((queries.FOLDER / "training_set.toml").read_bytes())
    monkeypatch.setattr(queries, "FOLDER", tmp_path)
    after = training_set(later, DAYS, known_until=NOW, unannounced=True, name="leaky")
    assert not np.array_equal(after.matrix, before.matrix, equal_nan=True)


def test_a_model_is_trained_from_the_warehouse(
    filled: WarehouseSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def train(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["creneau", "model", "train", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return (int(ended.value.code or 0), *capsys.readouterr())

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CRENEAU_WAREHOUSE__ENDPOINT", str(filled.endpoint))
    monkeypatch.setenv("CRENEAU_WAREHOUSE__DATASET", filled.dataset)
    days = ("--from", "2026-03-01", "--to", "2026-04-30")
    code, out, error = train("--from-warehouse", *days, "--json")
    assert code == 0, error
    trained = json.loads(out)
    assert Path(trained["path"]).is_file()
    for arguments, said in (
        ((), "either --data FOLDER or --from-warehouse"),
        (("--data", ".", "--from-warehouse"), "either --data FOLDER or --from-warehouse"),
        (("--data", ".", "--from", "2026-03-01"), "go with --from-warehouse"),
        (("--from-warehouse", "--to", "soon"), "'soon' is not a day"),
        (("--data", ".", "--with-unannounced"), "go with --from-warehouse"),
        (("--from-warehouse", "--from", "2019-01-01", "--to", "2019-12-31"), "0 lessons"),
    ):
        code, _, error = train(*arguments)
        assert code == 2, error
        assert said in error
        assert error.count("\n") == 1
