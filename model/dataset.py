"""Lessons of the past as training data: CSV files with the warehouse's columns.

A folder holds ``lessons.csv`` and ``bookings.csv`` (others are not looked at). A lesson counts as
booked when it has a booking, cancelled later or not: what the probability tells is whether somebody
takes the slot. Export lessons that have begun; of the others the outcome is not known yet.
"""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.errors import TrainingDataUnreadable
from model.features import FEATURE_NAMES, Columns, features_of

NEEDED: Final = (
    "lesson_id",
    "partnership_type",
    "lesson_created_at",
    "lesson_start_at",
    "duration_minutes",
    "latitude",
    "longitude",
)
TRUTH: Final = "true_probability"
"""Only a synthetic market knows it."""


@dataclass(frozen=True, slots=True)
class Lessons:
    """n lessons in the order of their creation.

    ``matrix`` (n, k): their features; ``booked`` (n): 0 or 1; ``created_at`` (n): Unix seconds;
    ``truth`` (n): the true probability, None where nobody knows it.
    """

    matrix: NDArray[np.float64]
    booked: NDArray[np.int64]
    created_at: NDArray[np.float64]
    truth: NDArray[np.float64] | None

    def __len__(self) -> int:
        return len(self.booked)

    def part(self, first: float, last: float) -> "Lessons":
        """The lessons from one share of the time order to another (0.0 … 1.0)."""
        chosen = slice(round(first * len(self)), round(last * len(self)))
        return Lessons(
            self.matrix[chosen],
            self.booked[chosen],
            self.created_at[chosen],
            None if self.truth is None else self.truth[chosen],
        )


def read_lessons(folder: Path) -> Lessons:
    """Read a folder of CSV files.

    Raises:
        TrainingDataUnreadable: a file or column is missing, or a value cannot be read.
    """
    table = _Table.read(folder / "lessons.csv", NEEDED)
    bookings = _Table.read(folder / "bookings.csv", ("lesson_id",))
    booked_ids = set(bookings.column("lesson_id"))
    # Without its times a lesson has no place in a split by time, and no features.
    created_at = table.filled("lesson_created_at", _unix_seconds)
    columns = Columns(
        partnership_type=table.column("partnership_type"),
        latitude=table.numbers("latitude", float),
        longitude=table.numbers("longitude", float),
        created_at=created_at,
        lesson_start_at=table.filled("lesson_start_at", _unix_seconds),
        duration_minutes=table.numbers("duration_minutes", float),
    )
    booked = np.array([each in booked_ids for each in table.column("lesson_id")], np.int64)
    truth = table.numbers(TRUTH, float) if TRUTH in table.header else None
    return lessons_of(columns, booked, truth, source=str(table.path))


def lessons_of(
    columns: Columns,
    booked: NDArray[np.int64],
    truth: NDArray[np.float64] | None = None,
    *,
    source: str,
) -> Lessons:
    """Lessons from the columns that features are made of, in any order; ``source`` names them.

    Raises:
        TrainingDataUnreadable: a feature that no lesson has.
    """
    matrix = features_of(columns)
    unusable = [n for n, c in zip(FEATURE_NAMES, matrix.T, strict=True) if np.isnan(c).all()]
    if len(matrix) and unusable:
        raise TrainingDataUnreadable(
            f"{source}: no lesson has a usable {', '.join(unusable)} to learn from"
        )
    order = np.argsort(columns.created_at, kind="stable")
    return Lessons(
        matrix[order],
        booked[order],
        columns.created_at[order],
        None if truth is None else truth[order],
    )


def flipped(lessons: Lessons, feature: str) -> Lessons:
    """The same lessons with one feature the wrong way round: what a corrupted model was fed.

    Raises:
        TrainingDataUnreadable: there is no such feature.
    """
    if feature not in FEATURE_NAMES:
        raise TrainingDataUnreadable(
            f"there is no feature '{feature}' to flip; there are {', '.join(FEATURE_NAMES)}"
        )
    matrix = lessons.matrix.copy()
    column = matrix[:, FEATURE_NAMES.index(feature)]
    column[:] = np.nanmin(column) + np.nanmax(column) - column
    return replace(lessons, matrix=matrix)


@dataclass(frozen=True, slots=True)
class _Table:
    """A CSV file in memory, by columns; line 1 is the header."""

    path: Path
    header: list[str]
    columns: list[tuple[str, ...]]

    @classmethod
    def read(cls, path: Path, needed: Sequence[str]) -> "_Table":
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                header, *rows = csv.reader(file)
        except OSError as error:
            raise TrainingDataUnreadable(
                f"{path} cannot be read ({error.strerror}); make one with creneau sandbox market, "
                "or export the warehouse's tables"
            ) from error
        except (UnicodeDecodeError, csv.Error) as error:
            raise TrainingDataUnreadable(f"{path} is not a CSV file in UTF-8: {error}") from error
        except ValueError as error:
            raise TrainingDataUnreadable(f"{path} is empty; it needs a header") from error
        missing = [name for name in needed if name not in header]
        if missing:
            raise TrainingDataUnreadable(f"{path} has no column {', '.join(missing)}")
        for line, row in enumerate(rows, start=2):
            if len(row) != len(header):
                raise TrainingDataUnreadable(
                    f"{path}, line {line}: {len(row)} values for {len(header)} columns"
                )
        return cls(path, header, list(zip(*rows, strict=True)) if rows else [()] * len(header))

    def column(self, name: str) -> tuple[str, ...]:
        return self.columns[self.header.index(name)]

    def filled(self, name: str, read: Callable[[str], float]) -> NDArray[np.float64]:
        """A column as numbers, none of which may be empty."""
        found = self.numbers(name, read)
        empty = np.flatnonzero(np.isnan(found))
        if len(empty):
            raise TrainingDataUnreadable(f"{self.path}, line {empty[0] + 2}: {name} is empty")
        return found

    def numbers(self, name: str, read: Callable[[str], float]) -> NDArray[np.float64]:
        """A column as numbers, NaN where it is empty."""
        values = self.column(name)
        found = np.empty(len(values))
        for place, text in enumerate(values):
            try:
                found[place] = read(text) if text else np.nan
            except ValueError as error:
                raise TrainingDataUnreadable(
                    f"{self.path}, line {place + 2}: {name} '{text[:40]}' cannot be read"
                ) from error
        return found


def _unix_seconds(text: str) -> float:
    """RFC 3339, and as BigQuery exports it (``2026-03-02 09:00:00 UTC``)."""
    moment = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError("no offset")
    return moment.timestamp()
