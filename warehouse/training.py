"""Lessons to learn from, out of the warehouse: ``sql/training_set.sql`` as features and labels."""

import sys
from array import array
from datetime import datetime
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from model.dataset import Lessons, lessons_of
from model.features import Columns
from producer_contract.errors import BadUseError
from warehouse.queries import Rows, query, run
from warehouse.reports import Period

if TYPE_CHECKING:
    from google.cloud import bigquery

QUERY: Final = "training_set"
PER_SECOND: Final = 1e6
MOST: Final = 20_000_000
"""Lessons at once: at some 200 bytes each (six numbers; nine features, twice while they are sorted)
that is 4 GB."""
_NUMBERS: Final = (
    "booked",
    "latitude",
    "longitude",
    "duration_minutes",
    "created_at",
    "lesson_start_at",
)


class TooManyLessonsError(BadUseError):
    """More lessons than fit into memory: choose a shorter period."""


def training_set(
    client: "bigquery.Client",
    days: Period,
    *,
    known_until: datetime,
    unannounced: bool = False,
    name: str = QUERY,
) -> Lessons:
    """The lessons that start in a period and have begun by ``known_until``, by creation.

    Args:
        unannounced: take those too that the archive has no event of, as they are now.
        name: another query of ``sql/`` with the same columns.

    Raises:
        UnavailableError: whatever BigQuery says against it.
        TooManyLessonsError: more than ``MOST``.
        TrainingDataUnreadable: a feature that no lesson has.
    """
    rows = run(
        client,
        query(name),
        from_day=days.first,
        to_day=days.last,
        known_until=known_until,
        unannounced=unannounced,
    )
    if rows.total > MOST:
        raise TooManyLessonsError(
            f"the warehouse has {rows.total:,} lessons {days}, more than the {MOST:,} that are "
            "learned from at once: choose a shorter period with --from and --to"
        )
    types, numbers = _columns(rows)
    columns = Columns(
        partnership_type=types,
        latitude=numbers["latitude"],
        longitude=numbers["longitude"],
        created_at=numbers["created_at"] / PER_SECOND,
        lesson_start_at=numbers["lesson_start_at"] / PER_SECOND,
        duration_minutes=numbers["duration_minutes"],
    )
    return lessons_of(
        columns, numbers["booked"].astype(np.int64), source=f"the warehouse's lessons {days}"
    )


def _columns(rows: Rows) -> tuple[list[str], dict[str, NDArray[np.float64]]]:
    """The types and the numbers, NaN for null; eight bytes a value, whatever the pages' size."""
    types: list[str] = []
    numbers = {column: array("d") for column in _NUMBERS}
    for row in rows:
        # One string object for each type, not for each lesson.
        types.append(sys.intern(row["partnership_type"] or ""))
        for column, values in numbers.items():
            value = row[column]
            values.append(np.nan if value is None else value)
    return types, {column: np.array(values, np.float64) for column, values in numbers.items()}
