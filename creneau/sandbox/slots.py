"""Slots that the market's instructors offer, with the true probability of each."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from creneau.sandbox.demand import DURATION, true_probability
from creneau.sandbox.local_time import hours_ahead
from creneau.sandbox.market import Market

FIRST_HOUR: Final = 7
HOUR_WEIGHTS: Final = np.array([2, 5, 8, 9, 8, 6, 6, 8, 9, 9, 9, 8, 5, 2], dtype=np.float64)
"""How often a lesson starts at 7, 8 … 20 o'clock, local time."""
DURATIONS: Final = np.array(sorted(DURATION))
DURATION_WEIGHTS: Final = (0.10, 0.55, 0.10, 0.25)
MEDIAN_LEAD_HOURS: Final = 90.0
LEAD_HOURS: Final = (1.0, 60.0 * 24.0)
"""The shortest and the longest time between publication and lesson."""


@dataclass(frozen=True, slots=True)
class Slots:
    """One entry per slot. ``instructor`` and ``point`` are indices into the market; times are UTC
    (``datetime64[ms]``)."""

    instructor: NDArray[np.int64]
    point: NDArray[np.int64]
    created_at: NDArray[np.datetime64]
    lesson_start_at: NDArray[np.datetime64]
    duration_minutes: NDArray[np.int64]
    true_probability: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.instructor)


def offer_slots(
    market: Market, rng: np.random.Generator, created_at: NDArray[np.datetime64]
) -> Slots:
    """One slot for each entry of ``created_at`` (UTC), by instructors as active as they are."""
    n = len(created_at)
    created = created_at.astype("M8[ms]")
    instructor = rng.choice(len(market.instructors.activity), n, p=market.instructors.activity)
    point = _point_of(market, rng, instructor)
    departement = market.points.departement[point]
    local_start, start = _lesson_start(rng, created, departement)
    duration = rng.choice(DURATIONS, n, p=DURATION_WEIGHTS)
    probability = true_probability(
        departement=departement,
        partnership_type=market.instructors.partnership_type[instructor],
        local_start=local_start,
        lead_hours=(start - created) / np.timedelta64(1, "h"),
        duration_minutes=duration,
        instructor_effect=market.instructors.effect[instructor],
    )
    return Slots(instructor, point, created, start, duration, probability)


def _point_of(
    market: Market, rng: np.random.Generator, instructor: NDArray[np.int64]
) -> NDArray[np.int64]:
    """One of each instructor's own meeting points (which stand next to each other)."""
    counts = np.bincount(market.points.instructor, minlength=len(market.instructors.activity))
    first = np.cumsum(counts) - counts
    return np.asarray(first[instructor] + rng.integers(0, counts[instructor]))


def _lesson_start(
    rng: np.random.Generator, created: NDArray[np.datetime64], departement: NDArray[np.str_]
) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64]]:
    """When each lesson starts, on the local clock and in UTC: always after ``created``."""
    n = len(created)
    lead = np.clip(MEDIAN_LEAD_HOURS * rng.lognormal(0.0, 1.1, n), *LEAD_HOURS)
    wanted = created + (lead * 3_600_000).astype("m8[ms]")
    hour = FIRST_HOUR + rng.choice(len(HOUR_WEIGHTS), n, p=HOUR_WEIGHTS / HOUR_WEIGHTS.sum())
    minutes = hour * 60 + 30 * rng.integers(0, 2, n)
    day = (wanted + hours_ahead(departement, wanted).astype("m8[h]")).astype("M8[D]")
    start = _to_utc(day, minutes, departement)
    # The hour drawn may be over on that day: then the same hour the day after.
    day = day + (start <= created + np.timedelta64(30, "m"))
    return day + minutes.astype("m8[m]"), _to_utc(day, minutes, departement)


def _to_utc(
    day: NDArray[np.datetime64], minutes: NDArray[np.int64], departement: NDArray[np.str_]
) -> NDArray[np.datetime64]:
    ahead = hours_ahead(departement, day).astype("m8[h]")
    return np.asarray((day + minutes.astype("m8[m]") - ahead).astype("M8[ms]"))
