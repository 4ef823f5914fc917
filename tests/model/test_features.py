"""What a model sees of an event."""

from pathlib import Path

import numpy as np
from numpy.testing import assert_array_equal

from model.dataset import read_lessons
from model.departements import CODES
from model.features import FEATURE_NAMES, feature_matrix
from tests.model.events import event


def features(**fields: object) -> dict[str, float]:
    row = feature_matrix([event(**fields)])[0]  # type: ignore[arg-type]
    return dict(zip(FEATURE_NAMES, row.tolist(), strict=True))


def test_an_event_becomes_numbers() -> None:
    assert features() == {
        "departement": CODES.index("75"),
        "partnership_type": 3,
        "lead_hours": 7 * 24 + 8,
        "hour": 18.5,  # 17:30 in UTC
        "weekday": 0,
        "month": 3,
        "duration_minutes": 60,
        "latitude": 48.8566,
        "longitude": 2.3522,
    }


def test_hour_weekday_and_month_are_local() -> None:
    reunion = features(latitude=-20.8789, longitude=55.4481, lesson_start_at="2026-05-31T21:15:00Z")
    assert (reunion["hour"], reunion["weekday"], reunion["month"]) == (1.25, 0, 6)


def test_an_offset_in_the_event_changes_nothing() -> None:
    assert features(lesson_start_at="2026-03-09T22:00:00+04:30") == features()


def test_what_is_not_known_is_nan() -> None:
    row = features(partnership_type="COOP", latitude=46.0, longitude=-8.0)
    assert np.isnan(row["partnership_type"])
    assert np.isnan(row["departement"])
    assert row["hour"] == 18.5


def test_a_batch_gives_the_rows_of_its_events_in_order() -> None:
    events = [event(f"slot-{n}", duration_minutes=n + 1, latitude=43 + n / 10) for n in range(40)]
    together = feature_matrix(events)
    alone = np.vstack([feature_matrix([each]) for each in events])
    assert_array_equal(together, alone)
    assert together.dtype == np.float64
    assert together[:, 6].tolist() == list(range(1, 41))


def test_no_events_have_no_rows() -> None:
    assert feature_matrix([]).shape == (0, len(FEATURE_NAMES))


def test_training_sees_what_scoring_sees(market: Path) -> None:
    """The same lessons as CSV files and as events give the same matrix."""
    header, *lines = (market / "lessons.csv").read_text("utf-8").splitlines()
    rows = [dict(zip(header.split(","), line.split(","), strict=True)) for line in lines]
    events = [
        event(
            row["lesson_id"],
            partnership_type=row["partnership_type"],
            latitude=float(row["latitude"]),
            longitude=float(row["longitude"]),
            created_at=row["lesson_created_at"],
            lesson_start_at=row["lesson_start_at"],
            duration_minutes=int(row["duration_minutes"]),
        )
        for row in rows
    ]
    events.sort(key=lambda each: each.created_at)
    assert_array_equal(feature_matrix(events), read_lessons(market).matrix)
