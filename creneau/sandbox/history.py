"""Two years of the synthetic market: lessons offered, booked, cancelled."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from creneau.sandbox.demand import MONTH
from creneau.sandbox.local_time import month
from creneau.sandbox.market import Market
from creneau.sandbox.slots import Slots, offer_slots

FIRST_DAY: Final = np.datetime64("2024-11-01", "D")
LAST_DAY: Final = np.datetime64("2026-11-01", "D")
"""Exclusive."""
CREATED_HOURS: Final = np.array(
    [0, 0, 0, 0, 0, 1, 3, 6, 8, 8, 8, 7, 7, 7, 6, 6, 6, 7, 8, 9, 8, 5, 2, 1]
)
"""How often instructors announce slots, by hour of the day (UTC)."""
CANCELLED: Final = 0.09
"""The share of bookings that are cancelled later; they were bookings all the same."""


@dataclass(frozen=True, slots=True)
class Bookings:
    """One entry per booking; ``lesson`` is an index, ``cancelled_at`` is NaT where it held."""

    lesson: NDArray[np.int64]
    booked_at: NDArray[np.datetime64]
    cancelled_at: NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class History:
    """Lessons in the order in which they were created, and what became of them."""

    lessons: Slots
    bookings: Bookings


def make_history(market: Market, seed: int, lessons: int) -> History:
    """``lessons`` lessons of the two years before ``LAST_DAY``; the same seed, the same history."""
    rng = np.random.default_rng([seed, 1])
    offered = offer_slots(market, rng, _created(rng, lessons))
    return History(offered, _bookings(rng, offered))


def _created(rng: np.random.Generator, n: int) -> NDArray[np.datetime64]:
    days = np.arange(FIRST_DAY, LAST_DAY)
    season = np.exp(0.5 * MONTH[month(days) - 1])
    day = rng.choice(days, n, p=season / season.sum())
    hour = rng.choice(24, n, p=CREATED_HOURS / CREATED_HOURS.sum())
    within = rng.integers(0, 3_600_000, n) + hour * 3_600_000
    return np.sort(day + within.astype("m8[ms]"))


def _bookings(rng: np.random.Generator, lessons: Slots) -> Bookings:
    booked = np.flatnonzero(rng.random(len(lessons)) < lessons.true_probability)
    created, start = lessons.created_at[booked], lessons.lesson_start_at[booked]
    booked_at = _between(rng, created, start)
    cancelled_at = _between(rng, booked_at, start)
    cancelled_at[rng.random(len(booked)) >= CANCELLED] = np.datetime64("NaT")
    return Bookings(booked, booked_at, cancelled_at)


def _between(
    rng: np.random.Generator, first: NDArray[np.datetime64], last: NDArray[np.datetime64]
) -> NDArray[np.datetime64]:
    """A moment between the two, sooner rather than later."""
    share = rng.random(len(first)) ** 1.5
    milliseconds = (last - first).astype(np.int64) * share
    return np.asarray(first + milliseconds.astype("m8[ms]"))
