"""What a model sees of an event: one definition, for training and for scoring.

Numbers only, NaN for what is not known, and nothing but the event itself: no clock, no look-up that
can change. Whoever changes what a column means raises ``FEATURES_VERSION``.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.departements import locate
from model.french_time import local_seconds
from producer_contract.codec import SlotCreatedRecord

FEATURES_VERSION: Final = 1

FEATURE_NAMES: Final = (
    "departement",
    "partnership_type",
    "lead_hours",
    "hour",
    "weekday",
    "month",
    "duration_minutes",
    "latitude",
    "longitude",
)
"""departement: place among the INSEE codes in order (0 … 100; Corsica's 2A, 2B after 29);
partnership_type: place in ``PARTNERSHIP_TYPES``; lead_hours: from announcement to lesson;
hour: local time of day with its fraction (0 ≤ h < 24); weekday: Monday 0 … Sunday 6, local;
month: 1 … 12, local; the rest as in the event."""

PARTNERSHIP_TYPES: Final = ("EI", "EIRL", "EURL", "ME", "SARL", "SAS", "SASU")


class _Ordinals(dict[str, float]):
    """By name; NaN for a name that is none of them."""

    def __missing__(self, name: str) -> float:
        return np.nan


_ORDINAL: Final = _Ordinals({name: float(n) for n, name in enumerate(PARTNERSHIP_TYPES)})
_DAY: Final = 86_400.0


class Columns(NamedTuple):
    """What the features are made of, a value per event; times in Unix seconds."""

    partnership_type: Sequence[str]
    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]
    created_at: NDArray[np.float64]
    lesson_start_at: NDArray[np.float64]
    duration_minutes: NDArray[np.float64]

    def chosen(self, rows: list[int]) -> "Columns":
        """Some of the events, in the order given."""
        partnership, *numbers = self
        return Columns([partnership[row] for row in rows], *(column[rows] for column in numbers))

    def followed_by(self, others: "Columns") -> "Columns":
        """These and the others'."""
        (partnership, *numbers), (more, *further) = self, others
        return Columns(
            [*partnership, *more], *map(np.concatenate, zip(numbers, further, strict=True))
        )


_fields_of = attrgetter(
    "partnership_type",
    "latitude",
    "longitude",
    "created_at",
    "lesson_start_at",
    "duration_minutes",
)


def columns_of(events: Sequence[SlotCreatedRecord]) -> Columns:
    """The columns of n events, in their order."""
    rows = [_fields_of(event) for event in events]
    partnership, latitude, longitude, created, start, duration = (
        zip(*rows, strict=True) if rows else [()] * 6
    )
    return Columns(
        partnership_type=partnership,
        latitude=np.array(latitude, np.float64),
        longitude=np.array(longitude, np.float64),
        created_at=np.array([moment.timestamp() for moment in created]),
        lesson_start_at=np.array([moment.timestamp() for moment in start]),
        duration_minutes=np.array(duration, np.float64),
    )


def feature_matrix(events: Sequence[SlotCreatedRecord]) -> NDArray[np.float64]:
    """The features of n events: (n, ``len(FEATURE_NAMES)``), a row per event, in their order."""
    return features_of(columns_of(events))


def features_of(columns: Columns) -> NDArray[np.float64]:
    """The same, from columns."""
    departements = locate(columns.latitude, columns.longitude).numbers
    local = local_seconds(columns.lesson_start_at, departements)
    days = np.floor(local / _DAY)
    months = days.astype(np.int64).astype("datetime64[D]").astype("datetime64[M]")
    # By columns: so they are written, and so an engine of tables reads them.
    matrix = np.empty((len(columns.latitude), len(FEATURE_NAMES)), order="F")
    matrix[:, 0] = np.where(departements >= 0, departements, np.nan)
    matrix[:, 1] = np.fromiter(
        map(_ORDINAL.__getitem__, columns.partnership_type), np.float64, len(matrix)
    )
    matrix[:, 2] = (columns.lesson_start_at - columns.created_at) / 3_600.0
    matrix[:, 3] = (local - days * _DAY) / 3_600.0
    matrix[:, 4] = (days + 3.0) % 7.0  # 1970-01-01 was a Thursday
    matrix[:, 5] = months.astype(np.int64) % 12 + 1
    matrix[:, 6] = columns.duration_minutes
    matrix[:, 7] = columns.latitude
    matrix[:, 8] = columns.longitude
    return matrix
