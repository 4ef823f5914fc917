"""What a plain reader sees while the demo runs: rate, lag, latency, whose probabilities are held.

Latency is what the slot app would feel: from the ``created_at`` in the event to the moment this
read_committed reader, on the same clock, has the probability in its hands.
"""

import json
import threading
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition

from broker.clients import new_admin, new_consumer
from broker.log import partitions_of
from broker.settings import KafkaSettings
from creneau.demo.latency import Delay
from creneau.demo.logs import Output, headers_of, output_of
from producer_contract.rule import applies

WINDOW: Final = 3.0
"""Seconds over which the present rate and latency are taken."""
BATCH: Final = 2_000
LOOK: Final = 0.025
"""Seconds: what arrives is seen so much later, twice at most."""


@dataclass(frozen=True, slots=True)
class Glance:
    """The state of things at one moment. ``scored`` and ``dead_lettered`` are live outcomes."""

    published: int
    scored: int
    dead_lettered: int
    held: Mapping[str, int]
    """By model: the slots that now hold a probability of it."""
    rate: float
    """Live probabilities per second, of late."""
    latency_ms: float | None
    """Median of late; None: nothing arrived."""

    @property
    def lag(self) -> int:
        """Events without an outcome yet."""
        return max(0, self.published - self.scored - self.dead_lettered)


class Watch:
    """Reads the three topics in a thread of its own, from their start.

    Raises (from ``close`` and ``glance``): whatever stopped the reading.
    """

    def __init__(self, kafka: KafkaSettings) -> None:
        names = kafka.names
        self._source, self._outputs, self._dead = (
            names.slot_created,
            names.slot_probability,
            names.dead_letters,
        )
        admin = new_admin(kafka)
        self._assignment = [
            TopicPartition(topic, partition, OFFSET_BEGINNING)
            for topic in (self._source, self._outputs, self._dead)
            for partition in partitions_of(admin, topic)
        ]
        # As answers trickle in on 24 partitions, a reader that asks at once for each bit makes the
        # broker work more than all the others do together.
        self._consumer: Consumer = new_consumer(
            kafka, fetch_min_bytes=1_000_000, fetch_wait_max_ms=int(1_000 * LOOK)
        )
        self._created: dict[tuple[int, int], float] = {}
        self._early: dict[tuple[int, int], float] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._failure: BaseException | None = None
        self._published = self._dead_lettered = self._scored = self._replayed = 0
        self._applied: dict[str, Output] = {}
        self._held: Counter[str] = Counter()
        self._delays: list[Delay] = []
        self._arrivals: deque[float] = deque()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def glance(self) -> Glance:
        """The state of things now."""
        if self._failure is not None:
            raise self._failure
        now = time.time()
        with self._lock:
            while self._arrivals and self._arrivals[0] < now - WINDOW:
                self._arrivals.popleft()
            late = self._delays[-len(self._arrivals) :] if self._arrivals else []
            return Glance(
                published=self._published,
                scored=self._scored,
                dead_lettered=self._dead_lettered,
                held=dict(self._held),
                rate=len(self._arrivals) / WINDOW,
                latency_ms=_median([delay.seconds for delay in late]),
            )

    @property
    def replayed(self) -> int:
        """Outputs of a replay so far; costs nothing, to be asked often."""
        if self._failure is not None:
            raise self._failure
        return self._replayed

    def delays(self) -> list[Delay]:
        """Every delay so far, in order of arrival."""
        with self._lock:
            return list(self._delays)

    def close(self) -> None:
        """Stop reading. Safe to call twice."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._consumer.assign(self._assignment)
            while not self._stopping.is_set():
                messages = self._consumer.consume(BATCH, timeout=LOOK)
                if messages:
                    self._absorb(messages, time.time())
        except BaseException as error:  # told by glance(), in the thread that asks
            self._failure = error
        finally:
            self._consumer.close()

    def _absorb(self, messages: list[Message], now: float) -> None:
        with self._lock:
            for message in messages:
                if message.error() is not None:
                    continue
                topic = message.topic()
                if topic == self._source:
                    self._published += 1
                    self._note_created(message)
                elif topic == self._outputs:
                    self._note_output(output_of(message.value() or b""), now)
                elif not _of_a_replay(message):
                    self._dead_lettered += 1

    def _note_created(self, message: Message) -> None:
        try:
            created = datetime.fromisoformat(
                json.loads(message.value() or b"")["created_at"]
            ).timestamp()
        except (ValueError, TypeError, KeyError):
            return  # malformed on purpose
        place = (message.partition() or 0, message.offset() or 0)
        arrived = self._early.pop(place, None)
        if arrived is None:
            self._created[place] = created
        else:
            self._delayed(place, created, arrived)

    def _note_output(self, output: Output, now: float) -> None:
        self._hold(output)
        if output.replay_id is not None:
            self._replayed += 1
            return
        self._scored += 1
        created = self._created.pop(output.place, None)
        if created is None:
            # Topics are fetched side by side: the answer may be seen before the question.
            self._early[output.place] = now
        else:
            self._delayed(output.place, created, now)

    def _hold(self, output: Output) -> None:
        earlier = self._applied.get(output.slot_id)
        before = None if earlier is None else (earlier.place[1], earlier.epoch)
        if not applies(before, (output.place[1], output.epoch)):
            return
        if earlier is not None and earlier.probability is not None:
            self._held[earlier.model_version] -= 1
        if output.probability is not None:
            self._held[output.model_version] += 1
        self._applied[output.slot_id] = output

    def _delayed(self, place: tuple[int, int], created: float, arrived: float) -> None:
        self._delays.append(Delay(place[0], created, arrived))
        self._arrivals.append(arrived)


def _of_a_replay(message: Message) -> bool:
    return any(name == "creneau-replay-id" for name, _ in headers_of(message))


def _median(values: list[float]) -> float | None:
    return 1000 * sorted(values)[len(values) // 2] if values else None
