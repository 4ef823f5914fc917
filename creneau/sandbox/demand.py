"""How likely a slot is to be booked in the synthetic market: the truth, which nobody can beat.

All of it but the instructor's own effect can be learnt from what the event says. The numbers are
made up; what matters is that they are fixed, so that a model trained on one market also holds for
the slots of the next.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from creneau.sandbox.local_time import month, weekday
from creneau.sandbox.places import PLACES

Floats = NDArray[np.float64]

BASE: Final = -0.50
PARTNERSHIP: Final = {
    "ME": 0.30,
    "EI": 0.10,
    "EIRL": 0.05,
    "EURL": -0.10,
    "SARL": -0.35,
    "SAS": -0.50,
    "SASU": -0.15,
}
DURATION: Final = {45: -0.35, 60: 0.25, 90: -0.10, 120: 0.10}
"""By minutes."""
WEEKDAY: Final = np.array([-0.25, -0.15, 0.25, -0.10, 0.10, 0.70, -0.90])
"""Monday to Sunday: pupils are free on Wednesdays and Saturdays."""
MONTH: Final = np.array(
    [-0.35, -0.20, 0.00, 0.20, 0.25, 0.45, 0.65, 0.35, 0.20, 0.05, -0.15, -0.45]
)
HOUR: Final = np.array(
    [0.0] * 7
    + [-1.00, -0.55, -0.20, 0.05, 0.15, 0.55, 0.35, -0.25, -0.10, 0.25, 0.75, 0.70, 0.30, -0.55]
    + [-1.00] * 3
)
"""By local hour: before work is unloved, lunch and the end of school are wanted."""
SUMMER_COAST: Final = (
    *("06", "11", "13", "14", "17", "22", "29", "2A", "2B", "33"),
    *("34", "40", "44", "50", "56", "64", "66", "80", "83", "85"),
)
"""Where July and August bring pupils in rather than take them away."""


def _by_departement() -> dict[str, float]:
    """Big départements have more pupils for each instructor; the rest is local habit."""
    sizes = np.log([place.population for place in PLACES])
    habits = np.random.default_rng(101).normal(0.0, 0.35, len(PLACES))
    effects = 0.40 * (sizes - sizes.mean()) / sizes.std() + habits
    return {place.code: float(effect) for place, effect in zip(PLACES, effects, strict=True)}


DEPARTEMENT: Final = _by_departement()


def true_probability(
    *,
    departement: NDArray[np.str_],
    partnership_type: NDArray[np.str_],
    local_start: NDArray[np.datetime64],
    lead_hours: Floats,
    duration_minutes: NDArray[np.int64],
    instructor_effect: Floats,
) -> Floats:
    """The probability that each slot gets booked; every argument has one entry per slot.

    ``local_start`` is the wall clock's; ``instructor_effect`` is in log-odds.
    """
    hours = local_start.astype("M8[h]").astype(np.int64) % 24
    days, months = weekday(local_start), month(local_start)
    score = BASE + _look_up(DEPARTEMENT, departement) + _look_up(PARTNERSHIP, partnership_type)
    score += _look_up(DURATION, duration_minutes) + HOUR[hours] + WEEKDAY[days] + MONTH[months - 1]
    score += _lead(lead_hours)
    score += 0.50 * ((days == 5) & (hours < 12))
    summer = (months == 7) | (months == 8)
    score += summer * np.where(np.isin(departement, SUMMER_COAST), 0.60, -0.50)
    return np.asarray(1.0 / (1.0 + np.exp(-(score + instructor_effect))))


def _lead(hours: Floats) -> Floats:
    """Nobody sees a slot of the same morning; three days ahead is best; far away is vague."""
    best = np.exp(-((np.log1p(hours) - np.log(72.0)) ** 2) / 1.6)
    return np.asarray(0.9 * best - 1.4 * np.exp(-hours / 8.0) - 0.4 * np.tanh(hours / 1000.0))


def _look_up(effects: Mapping[Any, float], keys: NDArray[Any]) -> Floats:
    kinds, inverse = np.unique(keys, return_inverse=True)
    return np.array([effects[kind.item()] for kind in kinds])[inverse]
