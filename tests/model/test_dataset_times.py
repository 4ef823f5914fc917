"""Training data whose times or features are missing are refused in one line."""

import csv
from pathlib import Path

import pytest

from creneau.sandbox.market_csv import write_market
from model.dataset import read_lessons
from model.errors import TrainingDataUnreadable


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market")
    write_market(folder, lessons=50, seed=1)
    return folder


def without(market: Path, target: Path, column: str, rows: slice) -> Path:
    """A copy of the market in which ``column`` is empty in some rows."""
    (target / "bookings.csv").write_bytes((market / "bookings.csv").read_bytes())
    with (market / "lessons.csv").open(newline="", encoding="utf-8") as file:
        lessons = list(csv.DictReader(file))
    for lesson in lessons[rows]:
        lesson[column] = ""
    with (target / "lessons.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, lessons[0].keys())
        writer.writeheader()
        writer.writerows(lessons)
    return target


@pytest.mark.parametrize("column", ["lesson_created_at", "lesson_start_at"])
def test_an_empty_time_is_named_with_its_line(market: Path, tmp_path: Path, column: str) -> None:
    folder = without(market, tmp_path, column, slice(3, 4))
    with pytest.raises(TrainingDataUnreadable, match=f"line 5: {column} is empty"):
        read_lessons(folder)


def test_a_feature_that_no_lesson_has_is_named(market: Path, tmp_path: Path) -> None:
    folder = without(market, tmp_path, "duration_minutes", slice(None))
    with pytest.raises(TrainingDataUnreadable, match="duration_minutes"):
        read_lessons(folder)
