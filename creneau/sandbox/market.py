"""The synthetic market: instructors and their meeting points, spread over the real départements.

Pure and reproducible: the same seed gives the same market, here and in every command that uses it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from creneau.sandbox.places import PLACES
from model.departements import locate

INSTRUCTORS: Final = 2000
JOINED_FROM: Final = np.datetime64("2019-01-01", "D")
JOINED_DAYS: Final = 2000
INSTRUCTOR_EFFECT: Final = 0.5
"""Standard deviation of what an instructor's name is worth, in log-odds: not in the event."""
PARTNERSHIPS: Final = {
    "ME": 0.42,
    "EI": 0.16,
    "EIRL": 0.04,
    "EURL": 0.10,
    "SARL": 0.10,
    "SAS": 0.05,
    "SASU": 0.13,
}
"""Partnership types and how common each is."""
KM_PER_DEGREE: Final = 111.2
TRIES: Final = 8
"""How often a point that falls outside its département is drawn again."""


@dataclass(frozen=True, slots=True)
class Instructors:
    """One entry per instructor; ``departement`` and ``partnership_type`` are codes."""

    instructor_id: NDArray[np.str_]
    partnership_type: NDArray[np.str_]
    departement: NDArray[np.str_]
    joined_at: NDArray[np.datetime64]
    effect: NDArray[np.float64]
    activity: NDArray[np.float64]
    """How many slots this instructor offers, relative to the others; sums to 1."""


@dataclass(frozen=True, slots=True)
class MeetingPoints:
    """One entry per meeting point; ``instructor`` is an index. WGS 84 degrees."""

    meeting_point_id: NDArray[np.str_]
    instructor: NDArray[np.int64]
    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]
    departement: NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Market:
    """Who offers slots, and where."""

    instructors: Instructors
    points: MeetingPoints


def make_market(seed: int, instructors: int = INSTRUCTORS) -> Market:
    """The market of ``seed``, with that many instructors (one to four meeting points each)."""
    rng = np.random.default_rng([seed, 0])
    people, homes = _instructors(rng, instructors)
    return Market(people, _meeting_points(rng, homes))


def _instructors(rng: np.random.Generator, n: int) -> tuple[Instructors, NDArray[np.int64]]:
    """The instructors, and for each the index of its place."""
    population = np.array([place.population for place in PLACES], dtype=np.float64)
    homes = rng.choice(len(PLACES), n, p=population / population.sum())
    activity = rng.lognormal(0.0, 0.6, n)
    people = Instructors(
        instructor_id=np.array([f"instructor-{i:05d}" for i in range(n)]),
        partnership_type=rng.choice(list(PARTNERSHIPS), n, p=list(PARTNERSHIPS.values())),
        departement=np.array([place.code for place in PLACES])[homes],
        joined_at=JOINED_FROM + rng.integers(0, JOINED_DAYS, n),
        effect=rng.normal(0.0, INSTRUCTOR_EFFECT, n),
        activity=activity / activity.sum(),
    )
    return people, homes


def _meeting_points(rng: np.random.Generator, homes: NDArray[np.int64]) -> MeetingPoints:
    owners = np.repeat(np.arange(len(homes)), rng.integers(1, 5, len(homes)))
    latitude, longitude = _scatter(rng, homes[owners])
    return MeetingPoints(
        meeting_point_id=np.array([f"point-{i:06d}" for i in range(len(owners))]),
        instructor=owners,
        latitude=latitude,
        longitude=longitude,
        departement=np.array([place.code for place in PLACES])[homes[owners]],
    )


def _scatter(
    rng: np.random.Generator, places: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points around their towns, all inside their own département.

    Two in three lie in town (a few kilometres), the others in the country around. A point that
    falls outside again and again stays in the town itself.
    """
    codes = np.array([place.code for place in PLACES])[places]
    towns = np.array([(place.latitude, place.longitude) for place in PLACES])[places]
    spread = np.where(rng.random(len(places)) < 2 / 3, 3.0, 18.0) / KM_PER_DEGREE
    latitude, longitude = towns[:, 0].copy(), towns[:, 1].copy()
    left = np.arange(len(places))
    for _ in range(TRIES):
        shift = rng.normal(0.0, 1.0, (len(left), 2)) * spread[left, None]
        lat = np.round(towns[left, 0] + shift[:, 0], 6)
        lon = np.round(towns[left, 1] + shift[:, 1] / np.cos(np.radians(towns[left, 0])), 6)
        inside = locate(lat, lon).codes == codes[left]
        latitude[left[inside]], longitude[left[inside]] = lat[inside], lon[inside]
        left = left[~inside]
    return latitude, longitude
