"""Lessons to learn from, out of the warehouse: ``sql/training_set.sql`` as features and labels."""

from datetime import datetime
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from model.dataset import Lessons, lessons_of
from model.features import Columns
from warehouse.queries import query, run
from warehouse.reports import Period

if TYPE_CHECKING:
    from google.cloud import bigquery

QUERY: Final = "training_set"
PER_SECOND: Final = 1e6


def training_set(
    client: "bigquery.Client", days: Period, *, known_until: datetime, name: str = QUERY
) -> Lessons:
    """The lessons that start in a period and have begun by ``known_until``, by creation.

    Args:
        name: another query of ``sql/`` with the same columns.

    Raises:
        UnavailableError: whatever BigQuery says against it.
        TrainingDataUnreadable: a feature that no lesson has.
    """
    rows = run(client, query(name), from_day=days.first, to_day=days.last, known_until=known_until)
    names = [field.name for field in rows.schema]
    values = list(zip(*(row.values() for row in rows), strict=True)) or [()] * len(names)
    found = dict(zip(names, values, strict=True))

    def numbers(column: str) -> NDArray[np.float64]:
        return np.array(found[column], np.float64)  # None becomes NaN

    columns = Columns(
        partnership_type=found["partnership_type"],
        latitude=numbers("latitude"),
        longitude=numbers("longitude"),
        created_at=numbers("created_at") / PER_SECOND,
        lesson_start_at=numbers("lesson_start_at") / PER_SECOND,
        duration_minutes=numbers("duration_minutes"),
    )
    return lessons_of(
        columns, np.array(found["booked"], np.int64), source=f"the warehouse's lessons {days}"
    )
