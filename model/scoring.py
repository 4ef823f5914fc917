"""Bytes to probabilities: pure, and the same for the worker and the executor."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from model.features import Columns, features_of
from model.slots import Refused, decode_slots
from producer_contract.times import parse_instant

__all__ = ["Refused", "Scored", "Scorer", "Scores", "score", "score_batch"]


T = TypeVar("T")


class Scorer(Protocol):
    """What scoring needs of an engine."""

    def probabilities(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, k) → (n)."""
        ...


@dataclass(frozen=True, slots=True)
class Scores:
    """The outcomes of a batch as columns, its n scored events in their order.

    ``places`` (n): where they stand in the batch, rising; ``slot_ids`` (n); ``probabilities`` (n):
    0–1, that the slot gets booked; ``starts`` (n): lesson_start_at as it is published.
    ``refused``: the others, by place.
    """

    places: Sequence[int]
    slot_ids: Sequence[str]
    probabilities: Sequence[float]
    starts: Sequence[str]
    refused: dict[int, Refused]

    def of(self, column: Sequence[T]) -> Sequence[T]:
        """What a column of the whole batch has for the scored events: every event that is not
        refused. It may be the column itself."""
        return [column[place] for place in self.places] if self.refused else column


class Scored(msgspec.Struct, frozen=True, gc=False):
    """The probability (0–1) that this slot gets booked."""

    slot_id: str
    probability: float
    lesson_start_at: datetime


def score_batch(
    engine: Scorer, keys: Sequence[bytes | None], values: Sequence[bytes | None]
) -> Scores:
    """An outcome for each message, given as columns. Never raises for what a message holds.

    One bad event never harms the rest: a batch that fails as a whole is tried again in halves, and
    an event on which the engine fails alone is refused as ``scoring-failed``.
    """
    slots = decode_slots(keys, values)
    failures: dict[int, str] = {}
    found = _probabilities(engine, slots.columns, 0, failures)
    # NaN compares false.
    for row in np.flatnonzero(~((found >= 0.0) & (found <= 1.0))).tolist():
        failures.setdefault(row, f"the model answered {found[row]}, which is not a probability")
    if not failures:
        return Scores(slots.places, slots.slot_ids, found.tolist(), slots.starts, slots.refused)
    rows = [row for row in range(len(found)) if row not in failures]
    return Scores(
        [slots.places[row] for row in rows],
        [slots.slot_ids[row] for row in rows],
        found[rows].tolist(),
        [slots.starts[row] for row in rows],
        slots.refused | {slots.places[row]: _failed(why) for row, why in failures.items()},
    )


def score(
    engine: Scorer, keys: Sequence[bytes | None], values: Sequence[bytes | None]
) -> list[Scored | Refused]:
    """The same as a list with one outcome for each message, in their order; ``lesson_start_at`` as
    it is published, to the millisecond."""
    scores = score_batch(engine, keys, values)
    outcomes: dict[int, Scored | Refused] = {**scores.refused}
    for place, slot_id, probability, start in zip(
        scores.places, scores.slot_ids, scores.probabilities, scores.starts, strict=True
    ):
        outcomes[place] = Scored(slot_id, probability, parse_instant(start))
    return [outcomes[place] for place in range(len(values))]


def _probabilities(
    engine: Scorer, columns: Columns, first: int, failures: dict[int, str]
) -> NDArray[np.float64]:
    """What the engine answers; NaN where it fails, with the reason by row (from ``first`` on)."""
    events = len(columns.latitude)
    if not events:
        return np.empty(0)
    try:
        found = engine.probabilities(features_of(columns))
        if found.shape != (events,):
            raise ValueError(f"{found.shape} probabilities for {events} events")
    except Exception as error:
        if events == 1:
            failures[first] = f"{type(error).__name__}: {error}"
            return np.array([np.nan])
    else:
        return found
    halves = (range(events // 2), range(events // 2, events))
    return np.concatenate(
        [
            _probabilities(engine, columns.chosen(list(half)), first + half.start, failures)
            for half in halves
        ]
    )


def _failed(why: str) -> Refused:
    return Refused("scoring-failed", " ".join(why.split())[:500])
