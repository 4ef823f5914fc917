"""The pretend slot app: announces the market's slots at a steady rate, some of them malformed."""

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TextIO

from confluent_kafka import KafkaError, Message

from broker.clients import new_admin, new_producer
from broker.log import partitions_of
from broker.settings import KafkaSettings
from broker.stopping import Stopping
from creneau.sandbox.malformed import CODES, malformed
from creneau.sandbox.market import make_market
from creneau.sandbox.pace import Pace
from creneau.sandbox.slot_stream import Offered, offered
from producer_contract.codec import encode_slot_created
from producer_contract.errors import BadUseError, UnavailableError
from producer_contract.publisher import SlotPublisher

TICK: Final = 0.02
"""Seconds between two looks at what is due. At a quarter of it, as many more requests of a few
events each cost the broker more than the events themselves."""
FLUSH_SECONDS: Final = 30.0


class RecordNotWritableError(BadUseError):
    """The file that shall hold what was published cannot be written."""


class NotPublishedError(UnavailableError):
    """Kafka did not take a malformed event (for sound ones the publisher says so)."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What to publish: ``rate`` events per second until ``seconds`` or ``count`` is reached.

    Every ``malformed_every``-th event is malformed (0: none), each kind in turn. ``record`` gets a
    line of JSON for each event: ``slot_id`` (its key), ``malformed`` (the dead-letter code it leads
    to, or null) and ``true_probability``.
    """

    rate: float
    seconds: float | None = None
    count: int | None = None
    seed: int = 1
    malformed_every: int = 0
    record: Path | None = None

    @property
    def last(self) -> int | None:
        """How many events there will be; None: no end."""
        by_time = None if self.seconds is None else round(self.rate * self.seconds)
        known = [limit for limit in (by_time, self.count) if limit is not None]
        return min(known) if known else None


@dataclass(slots=True)
class Published:
    """What has been published so far, malformed ones included."""

    events: int = 0
    malformed: int = 0
    seconds: float = 0.0


def run_slot_app(kafka: KafkaSettings, orders: Orders, stop: Stopping) -> Published:
    """Publish until the orders are done or ``stop`` is set; everything counted has been delivered.

    Raises:
        TopicMissingError: there is no slot-created topic.
        RecordNotWritableError, NotPublishedError, and what ``SlotPublisher`` raises.
    """
    topic = kafka.names.slot_created
    partitions_of(new_admin(kafka), topic)
    started = datetime.now(UTC)
    stream = offered(
        make_market(orders.seed),
        orders.seed,
        f"{int(started.timestamp() * 1000):x}",
        clock=lambda: datetime.now(UTC),
        block=max(1, min(2_000, int(orders.rate))),
    )
    done = Published()
    with ExitStack() as stack:
        record = stack.enter_context(_open(orders.record)) if orders.record else None
        spoiler = stack.enter_context(_Spoiler(kafka, topic))
        config = {"bootstrap.servers": kafka.bootstrap_servers, **kafka.properties}
        publisher = stack.enter_context(SlotPublisher(config, topic=topic))

        def send() -> None:
            slot = next(stream)
            code = _malformed_code(done.events + 1, orders.malformed_every)
            if code is None:
                publisher.publish(slot.event)
            else:
                spoiler.publish(slot, code)
                done.malformed += 1
            done.events += 1
            if record is not None:
                record.write(_line(slot, code))

        done.seconds = _send_at_pace(orders, done, send, stop)
    return done


def _send_at_pace(
    orders: Orders, done: Published, send: Callable[[], None], stop: Stopping
) -> float:
    """Send what is due until the end; the seconds it took."""
    start = time.monotonic()
    pace, last = Pace(orders.rate, start), orders.last
    while not stop.is_set() and (last is None or done.events < last):
        now = time.monotonic()
        due = pace.take(now)
        for _ in range(due if last is None else min(due, last - done.events)):
            send()
        if orders.seconds is not None and now - start > orders.seconds:
            break
        stop.wait(TICK)
    return time.monotonic() - start


def _malformed_code(number: int, every: int) -> str | None:
    if not every or number % every:
        return None
    return CODES[(number // every - 1) % len(CODES)]


def _line(slot: Offered, code: str | None) -> str:
    fields = {
        "slot_id": slot.event.slot_id,
        "malformed": code,
        "true_probability": round(slot.true_probability, 6),
    }
    return json.dumps(fields) + "\n"


def _open(path: Path) -> TextIO:
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise RecordNotWritableError(
            f"{path} cannot be written: {error.strerror}; give another --record"
        ) from error


class _Spoiler:
    """Publishes malformed events with a plain producer: the publisher would refuse them."""

    def __init__(self, kafka: KafkaSettings, topic: str) -> None:
        self._producer = new_producer(kafka, partitioner="murmur2_random")
        self._topic = topic
        self._failure: KafkaError | None = None

    def __enter__(self) -> "_Spoiler":
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        left = self._producer.flush(FLUSH_SECONDS)
        if kind is None and (left or self._failure):
            reason = self._failure.str() if self._failure else f"{left} not sent in time"
            raise self._not_published(reason)

    def publish(self, slot: Offered, code: str) -> None:
        """Hand one over; waits while the queue is full. Raises ``NotPublishedError``."""
        value = malformed(encode_slot_created(slot.event), code)
        deadline = time.monotonic() + FLUSH_SECONDS
        while True:
            try:
                self._producer.produce(
                    self._topic, value, slot.event.slot_id.encode(), on_delivery=self._delivered
                )
            except BufferError:
                if time.monotonic() > deadline:
                    raise self._not_published("the queue does not drain") from None
                self._producer.poll(0.1)
            else:
                self._producer.poll(0)
                return

    def _not_published(self, reason: str) -> NotPublishedError:
        return NotPublishedError(
            f"malformed events did not reach {self._topic}: {reason}; is the broker up?"
        )

    def _delivered(self, failure: KafkaError | None, _message: Message) -> None:
        self._failure = failure or self._failure
