"""Rows that every artifact carries with their probabilities: its self-test.

Events first (their features are computed again on load, so a changed definition shows), among them
what is unknown or on an edge; then bare rows with what is missing.
"""

import json
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from model.features import FEATURE_NAMES, feature_matrix
from producer_contract.codec import decode_slot_created

TOLERANCE: Final = 1e-9
"""How far a probability may be off: processors differ by some 1e-16, models by far more."""

# partnership_type, latitude, longitude, created_at, lesson_start_at, duration_minutes
_EVENTS: Final = (
    ("ME", 48.8566, 2.3522, "2026-03-02T09:00:00Z", "2026-03-09T17:00:00Z", 60),  # Paris
    ("EI", 45.7640, 4.8357, "2026-06-10T20:15:30Z", "2026-06-11T06:00:00Z", 120),  # Lyon, summer
    ("SASU", 43.2951, 5.3742, "2026-07-01T00:00:00Z", "2026-10-25T01:00:00Z", 60),  # clocks go back
    ("SARL", 41.9192, 8.7386, "2026-12-31T23:30:00Z", "2027-01-01T00:30:00Z", 90),  # Ajaccio
    ("EURL", -20.8789, 55.4481, "2026-05-04T04:00:00Z", "2026-05-10T21:00:00Z", 60),  # La Réunion
    ("SAS", 14.6037, -61.0731, "2026-08-15T12:00:00Z", "2026-08-20T01:00:00Z", 60),  # Martinique
    (
        "EIRL",
        48.6499,
        -2.0400,
        "2026-09-01T07:00:00Z",
        "2026-09-02T07:00:00Z",
        45,
    ),  # a mole
    ("ME", 46.0000, -8.0000, "2026-04-01T10:00:00Z", "2026-04-02T10:00:00Z", 60),  # the open sea
    ("ME", 43.7384, 7.4246, "2026-04-01T10:00:00Z", "2026-04-02T10:00:00Z", 60),  # Monaco
    ("COOP", 50.6292, 3.0573, "2026-11-11T11:11:11Z", "2026-11-14T09:00:00Z", 60),  # unknown type
    ("EI", 47.2184, -1.5536, "2026-02-28T08:00:00Z", "2026-02-28T08:00:00Z", 1),  # at once
    ("SAS", 43.6047, 1.4442, "2026-01-01T00:00:00Z", "2028-12-30T00:00:00Z", 1440),  # in 3 years
)


def golden_events() -> list[dict[str, Any]]:
    """The golden events, as ``slot-created`` objects."""
    names = (
        "partnership_type",
        "latitude",
        "longitude",
        "created_at",
        "lesson_start_at",
        "duration_minutes",
    )
    return [
        {
            "schema_version": 1,
            "slot_id": f"golden-{number}",
            "instructor_id": "golden",
            "meeting_point_id": "golden",
            **dict(zip(names, fields, strict=True)),
        }
        for number, fields in enumerate(_EVENTS)
    ]


def rows_of(events: list[dict[str, Any]]) -> NDArray[np.float64]:
    """The features of events as the manifest has them.

    Raises:
        Refusal: one of them is not a valid event.
    """
    return feature_matrix(
        [
            decode_slot_created(json.dumps(event).encode(), str(event.get("slot_id")).encode())
            for event in events
        ]
    )


def golden_rows() -> NDArray[np.float64]:
    """All golden rows: those of the events, then one with each column missing, then all missing."""
    rows = rows_of(golden_events())
    missing = np.repeat(rows[:1], len(FEATURE_NAMES), axis=0)
    np.fill_diagonal(missing, np.nan)
    return np.vstack([rows, missing, np.full((1, len(FEATURE_NAMES)), np.nan)])
