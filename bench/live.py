"""Latency of live scoring, as a reader feels it: from ``created_at`` until it has the answer.

The reader is a plain one, read_committed, of all of slot-probability: a replay's outputs come to it
on the same partitions, and hold it back where they would hold back a slot app's.
"""

import threading
import time
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Final, Self

import msgspec
from confluent_kafka import Consumer, Message, TopicPartition

from broker.clients import new_admin, new_consumer
from broker.log import high_watermarks, partitions_of
from broker.settings import KafkaSettings

BATCH: Final = 5_000
SETTLE_SECONDS: Final = 60.0

LIVE: Final = b'"replay_id":null'
"""What a live output holds and a replay's does not: those come fifty times as often, and only their
arrival counts, so that they are not decoded."""

Place = tuple[int, int]
"""Source partition and offset."""


class _Created(msgspec.Struct):
    created_at: datetime


class _Output(msgspec.Struct):
    source_partition: int
    source_offset: int


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds; ``per_second``: events."""

    p50: float
    p90: float
    p99: float
    per_second: float


class LiveReader:
    """Reads what is published and answered from now on, in a thread, while this lasts.

    What has its answer is kept as two numbers, 16 bytes an event: an hour at 1,000/s takes 58 MB.
    """

    def __init__(self, kafka: KafkaSettings) -> None:
        admin = new_admin(kafka)
        self._source = kafka.names.slot_created
        self._ends = [
            TopicPartition(topic, partition, end)
            for topic in (self._source, kafka.names.slot_probability)
            for partition, end in high_watermarks(admin, topic, partitions_of(admin, topic)).items()
        ]
        self._consumer: Consumer = new_consumer(kafka)
        self._created: dict[Place, float] = {}
        self._arrived: dict[Place, float] = {}
        self._answered: array[float] = array("d")
        self._delays: array[float] = array("d")
        self._read_created = msgspec.json.Decoder(_Created).decode
        self._read_output = msgspec.json.Decoder(_Output).decode
        self._stopping = threading.Event()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="live-reader", daemon=True)

    def __enter__(self) -> Self:
        self._consumer.assign(self._ends)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._thread.join()

    def wait_for_traffic(self) -> None:
        """Return once the first live event has its answer.

        Raises:
            TimeoutError: none came.
        """
        deadline = time.monotonic() + SETTLE_SECONDS
        while not self._delays:
            if self._failure is not None:
                raise self._failure
            if time.monotonic() > deadline:
                raise TimeoutError("no live event was seen: does the slot app run?")
            time.sleep(0.05)

    def latency(self, began: float, ended: float) -> Latency:
        """Of the events created between two times (seconds since 1970), once each has its answer.

        Raises:
            TimeoutError: some have none after ``SETTLE_SECONDS``.
        """
        self._wait_for_answers(ended)
        answered = zip(self._answered, self._delays, strict=False)
        delays = sorted(delay for created, delay in answered if began <= created < ended)
        p50, p90, p99 = (
            1_000 * delays[min(len(delays) - 1, int(share * len(delays)))]
            for share in (0.5, 0.9, 0.99)
        )
        return Latency(p50, p90, p99, len(delays) / (ended - began))

    def _wait_for_answers(self, ended: float) -> None:
        deadline = time.monotonic() + SETTLE_SECONDS
        while self._failure is None:
            waiting = sum(created < ended for created in list(self._created.values()))
            if not waiting and time.time() > ended:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"{waiting} live events have no answer")
            time.sleep(0.05)
        raise self._failure

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                # consume() alone would wait for a full batch.
                first = self._consumer.poll(0.1)
                if first is not None:
                    self._absorb([first, *self._consumer.consume(BATCH, timeout=0)], time.time())
        except Exception as error:  # told to who waits
            self._failure = error
        finally:
            self._consumer.close()

    def _absorb(self, messages: list[Message], now: float) -> None:
        for message in messages:
            value = message.value()
            if message.error() is not None or value is None:
                continue
            if message.topic() == self._source:
                place = (message.partition() or 0, message.offset() or 0)
                self._created[place] = self._read_created(value).created_at.timestamp()
            elif LIVE in value:
                output = self._read_output(value)
                place = (output.source_partition, output.source_offset)
                self._arrived[place] = now
            else:
                continue
            # The topics are fetched side by side: the answer may be seen before the question.
            if place in self._created and place in self._arrived:
                created = self._created.pop(place)
                self._answered.append(created)
                self._delays.append(self._arrived.pop(place) - created)


@contextmanager
def read_along(kafka: KafkaSettings) -> Iterator[None]:
    """A plain reader of slot-probability that looks at nothing, while this lasts: what the other
    one costs where it meets a replay's outputs."""
    admin, topic = new_admin(kafka), kafka.names.slot_probability
    ends = high_watermarks(admin, topic, partitions_of(admin, topic)).items()
    consumer = new_consumer(kafka)
    consumer.assign([TopicPartition(topic, partition, end) for partition, end in ends])
    stopping = threading.Event()

    def run() -> None:
        while not stopping.is_set():
            if consumer.poll(0.1) is not None:
                consumer.consume(BATCH, timeout=0)

    thread = threading.Thread(target=run, name="reads-along", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
        consumer.close()
