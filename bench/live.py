"""Latency of live scoring, as a reader feels it: from ``created_at`` until it has the answer.

The reader is a plain one, read_committed, of all of slot-probability: a replay's outputs come to it
on the same partitions, and hold it back where they would hold back a slot app's.
"""

import time
from array import array
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
from confluent_kafka import Message

from bench.reading import Reading
from broker.settings import KafkaSettings

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


class LiveReader(Reading):
    """Reads what is published and answered from now on, in a thread, while this lasts.

    What has its answer is kept as two numbers, 16 bytes an event: an hour at 1,000/s takes 58 MB.
    """

    def __init__(self, kafka: KafkaSettings) -> None:
        self._source = kafka.names.slot_created
        super().__init__(kafka, (self._source, kafka.names.slot_probability), self._take)
        self._created: dict[Place, float] = {}
        self._arrived: dict[Place, float] = {}
        self._answered: array[float] = array("d")
        self._delays: array[float] = array("d")
        self._read_created = msgspec.json.Decoder(_Created).decode
        self._read_output = msgspec.json.Decoder(_Output).decode

    def wait_for_traffic(self) -> None:
        """Return once the first live event has its answer.

        Raises:
            TimeoutError: none came.
        """
        deadline = time.monotonic() + SETTLE_SECONDS
        while not self._delays:
            self.raise_failure()
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
        while True:
            self.raise_failure()
            waiting = sum(created < ended for created in list(self._created.values()))
            if not waiting and time.time() > ended:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"{waiting} live events have no answer")
            time.sleep(0.05)

    def _take(self, messages: list[Message], now: float) -> None:
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


def read_along(kafka: KafkaSettings) -> Reading:
    """A plain reader of slot-probability that looks at nothing: what the other one costs where it
    meets a replay's outputs."""
    return Reading(kafka, [kafka.names.slot_probability], lambda messages, now: None)
