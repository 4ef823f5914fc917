"""Bytes to outcomes: pure, and the same for the worker and the executor."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from model.features import feature_matrix
from producer_contract.codec import Refusal, SlotCreatedRecord, decode_slot_created


class Scorer(Protocol):
    """What scoring needs of an engine."""

    def probabilities(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, k) → (n)."""
        ...


class Scored(msgspec.Struct, frozen=True, gc=False):
    """The probability (0–1) that this slot gets booked."""

    slot_id: str
    probability: float
    lesson_start_at: datetime


class Refused(msgspec.Struct, frozen=True, gc=False):
    """Why an event gets no probability: a dead letter's code and reason."""

    code: str
    reason: str


def score(
    engine: Scorer, keys: Sequence[bytes | None], values: Sequence[bytes | None]
) -> list[Scored | Refused]:
    """One outcome for each message, in their order. Never raises for what a message holds.

    One bad event never harms the rest: a batch that fails as a whole is tried again in halves, and
    an event on which the engine fails alone is refused as ``scoring-failed``.
    """
    outcomes: list[Scored | Refused | None] = []
    events: list[SlotCreatedRecord] = []
    places: list[int] = []
    for place, (key, value) in enumerate(zip(keys, values, strict=True)):
        try:
            events.append(decode_slot_created(value, key))
        except Refusal as refusal:
            outcomes.append(Refused(refusal.code, refusal.reason))
        else:
            places.append(place)
            outcomes.append(None)
    for place, outcome in zip(places, _score_events(engine, events), strict=True):
        outcomes[place] = outcome
    return [outcome for outcome in outcomes if outcome is not None]


def _score_events(engine: Scorer, events: list[SlotCreatedRecord]) -> list[Scored | Refused]:
    if not events:
        return []
    try:
        return _score_together(engine, events)
    except Exception as error:
        if len(events) == 1:
            return [_failed(f"{type(error).__name__}: {error}")]
    half = len(events) // 2
    return _score_events(engine, events[:half]) + _score_events(engine, events[half:])


def _score_together(engine: Scorer, events: list[SlotCreatedRecord]) -> list[Scored | Refused]:
    probabilities = engine.probabilities(feature_matrix(events))
    if probabilities.shape != (len(events),):
        raise ValueError(f"{probabilities.shape} probabilities for {len(events)} events")
    return [
        Scored(event.slot_id, probability, event.lesson_start_at)
        # NaN compares false.
        if 0.0 <= probability <= 1.0
        else _failed(f"the model answered {probability}, which is not a probability")
        for event, probability in zip(events, probabilities.tolist(), strict=True)
    ]


def _failed(why: str) -> Refused:
    return Refused("scoring-failed", " ".join(why.split())[:500])
