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
DEADLINE = 600.0
LOOK_SECONDS = 0.05

Events = Iterable[tuple[str, bytes]]
"""Keys and values of slot-created."""


def slot_events(count: int, run: str) -> Iterator[tuple[str, bytes]]:
    """``count`` events of the synthetic market; ``run`` keeps their ids apart from others'."""
    slots = offered(make_market(1), 1, run, clock=lambda: datetime.now(UTC), block=2_000)
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


def rate_of(
    kafka: KafkaSettings, group: str, *, at_mark: Callable[[], None] = lambda: None
) -> float:
    """Events per second of ``group`` on what lies before it, watched until all of it is done.

    Between ``FIRST`` and ``LAST`` of the backlog: starting and stopping are left out; ``at_mark``
    is called when each of the two is reached. The source holds no transaction markers, so that
    offsets count events.
    """
    admin = new_admin(kafka)
    topic = kafka.names.slot_created
    partitions = partitions_of(admin, topic)

    def position() -> int:
        offsets = committed(admin, group, topic, partitions).values()
        return sum(each.offset or 0 for each in offsets)

    start = position()
    total = sum(high_watermarks(admin, topic, partitions).values()) - start
    marks: dict[float, tuple[float, int]] = {}
    deadline = time.monotonic() + DEADLINE
    while True:
        now, done = time.monotonic(), position() - start
        for share in (FIRST, LAST):
            if done >= share * total and share not in marks:
                marks[share] = (now, done)
                at_mark()
        if done >= total:
            (began, before), (ended, after) = marks[FIRST], marks[LAST]
            return (after - before) / (ended - began) if after > before else float("nan")
        if now > deadline:
            raise TimeoutError(f"{group}: {done} of {total} events after {DEADLINE:.0f} s")
        time.sleep(LOOK_SECONDS)
