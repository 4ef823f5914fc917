"""The market's slots as events, one after the other, announced now."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np

from creneau.sandbox.market import Market
from creneau.sandbox.slots import Slots, offer_slots
from producer_contract.events import SlotCreated

STALE: Final = timedelta(minutes=10)
"""Slots drawn longer ago are not announced: their lessons may have begun by now. Lessons begin
half an hour after the drawing at the earliest."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A slot as it is announced, and the probability that only the market knows."""

    event: SlotCreated
    true_probability: float


def offered(
    market: Market, seed: int, run: str, *, clock: Callable[[], datetime], block: int
) -> Iterator[Offered]:
    """An endless stream of slots, each created at the moment it is asked for.

    ``run`` goes into every ``slot_id``, so that no two runs publish the same slot. ``clock`` says
    the time (aware). ``block`` slots are drawn at a time, from ``seed``: no more than are published
    within a few minutes, for lesson times count from the moment they are drawn. Where the clock has
    jumped meanwhile (the machine slept), the rest of a block is thrown away.
    """
    rng = np.random.default_rng([seed, 2])
    number = 0
    while True:
        drawn = clock()
        now = np.datetime64(int(drawn.timestamp() * 1000), "ms")
        slots = offer_slots(market, rng, np.full(block, now))
        for fields, probability in _rows(market, slots):
            created = clock()
            if abs(created - drawn) > STALE:
                break
            event = SlotCreated(
                schema_version=1, slot_id=f"slot-{run}-{number:08d}", created_at=created, **fields
            )
            yield Offered(event, probability)
            number += 1


def _rows(market: Market, slots: Slots) -> Iterator[tuple[dict[str, Any], float]]:
    people, points = market.instructors, market.points
    columns = {
        "instructor_id": people.instructor_id[slots.instructor].tolist(),
        "partnership_type": people.partnership_type[slots.instructor].tolist(),
        "meeting_point_id": points.meeting_point_id[slots.point].tolist(),
        "latitude": points.latitude[slots.point].tolist(),
        "longitude": points.longitude[slots.point].tolist(),
        "lesson_start_at": _aware(slots),
        "duration_minutes": slots.duration_minutes.tolist(),
    }
    for values in zip(*columns.values(), slots.true_probability.tolist(), strict=True):
        yield dict(zip(columns, values[:-1], strict=True)), values[-1]


def _aware(slots: Slots) -> list[datetime]:
    return [moment.replace(tzinfo=UTC) for moment in slots.lesson_start_at.tolist()]
