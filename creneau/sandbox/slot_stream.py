"""The market's slots as events, one after the other, announced now."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from creneau.sandbox.market import Market
from creneau.sandbox.slots import Slots, offer_slots
from producer_contract.events import SlotCreated


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
    within a few minutes, for lesson times count from the moment they are drawn.
    """
    rng = np.random.default_rng([seed, 2])
    number = 0
    while True:
        now = np.datetime64(int(clock().timestamp() * 1000), "ms")
        slots = offer_slots(market, rng, np.full(block, now))
        for fields, probability in _rows(market, slots):
            event = SlotCreated(
                schema_version=1, slot_id=f"slot-{run}-{number:08d}", created_at=clock(), **fields
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
