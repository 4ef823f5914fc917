"""A backlog of realistic slots, and the rate at which a group works it off, seen from outside."""

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice

from broker.clients import new_admin, new_producer
from broker.groups import committed
from broker.log import high_watermarks, partitions_of
from broker.settings import KafkaSettings
from creneau.sandbox.market import make_market
from creneau.sandbox.slot_stream import offered
from producer_contract.codec import encode_slot_created

PARTITIONS = 8
FIRST, LAST = 0.1, 0.9
"""The shares of the backlog between which the rate is taken."""
STALL_SECONDS = 600.0
"""Without any progress for so long, a group is given up."""
LOOK_SECONDS = 0.05

Events = Iterable[tuple[str, bytes]]
"""Keys and values of slot-created."""


def slot_events(count: int, run: str, seed: int = 1) -> Iterator[tuple[str, bytes]]:
    """``count`` events of the synthetic market; ``run`` keeps their ids apart from others'.

    Another ``seed`` gives other slots of the same market.
    """
    slots = offered(make_market(1), seed, run, clock=lambda: datetime.now(UTC), block=2_000)
    for slot in islice(slots, count):
        yield slot.event.slot_id, encode_slot_created(slot.event)


def publish(kafka: KafkaSettings, events: Events) -> None:
    """Put the events into slot-created as fast as it takes them."""
    producer = new_producer(kafka)
    for slot_id, value in events:
        while True:
            try:
                producer.produce(kafka.names.slot_created, value, slot_id)
                break
            except BufferError:
                producer.poll(0.1)
    left = producer.flush(60)
    if left:
        raise TimeoutError(f"{left} events of the backlog were not taken by Kafka")


def published(kafka: KafkaSettings) -> int:
    """How many events slot-created holds, if retention has let none go."""
    admin, topic = new_admin(kafka), kafka.names.slot_created
    return sum(high_watermarks(admin, topic, partitions_of(admin, topic)).values())


class Position:
    """How far a group is on slot-created, asked again and again.

    The source holds no transaction markers, so that offsets count events.
    """

    def __init__(self, kafka: KafkaSettings, group: str) -> None:
        self._admin = new_admin(kafka)
        self._topic = kafka.names.slot_created
        self._group = group
        self._partitions = partitions_of(self._admin, self._topic)

    def done(self) -> int:
        """Events that the group has committed, over all partitions.

        An open transaction holds no look up: on a backlog there always is one, and the looks would
        come when it ends, not when they are due.
        """
        found = committed(
            self._admin, self._group, self._topic, self._partitions, require_stable=False
        )
        return sum(each.offset or 0 for each in found.values())


def rate_of(
    kafka: KafkaSettings, group: str, *, at_mark: Callable[[], None] = lambda: None
) -> float:
    """Events per second of ``group`` on what lies before it, watched until all of it is done.

    Between ``FIRST`` and ``LAST`` of the backlog: starting and stopping are left out; ``at_mark``
    is called when each of the two is reached.

    Raises:
        TimeoutError: nothing was committed for ``STALL_SECONDS``.
    """
    position = Position(kafka, group)
    start = position.done()
    total = published(kafka) - start
    marks: dict[float, tuple[float, int]] = {}
    before, moved_at = -1, time.monotonic()
    while True:
        now, done = time.monotonic(), position.done() - start
        for share in (FIRST, LAST):
            if done >= share * total and share not in marks:
                marks[share] = (now, done)
                at_mark()
        if done >= total:
            (began, early), (ended, late) = marks[FIRST], marks[LAST]
            return (late - early) / (ended - began) if late > early else float("nan")
        if done > before:
            before, moved_at = done, now
        elif now > moved_at + STALL_SECONDS:
            raise TimeoutError(
                f"{group}: still {done} of {total} events after {STALL_SECONDS:.0f} s"
            )
        time.sleep(LOOK_SECONDS)
