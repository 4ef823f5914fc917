"""Where live scoring stands, asked of Kafka alone; and the governor's verdict, kept up to date."""

import threading
import time
from collections.abc import Callable, Mapping

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from broker.clients import new_admin, new_consumer
from broker.groups import Committed, committed
from broker.log import last_stable_offsets, log_starts, partitions_of
from broker.settings import KafkaSettings
from producer_contract.errors import UnavailableError
from replay.governor import GO_ON, Limits, LiveReading, Verdict, govern

_LOG = structlog.get_logger()

AGE_DEADLINE = 0.3
"""Seconds to fetch the records at the committed offsets."""


class LiveGroup:
    """Reads the live group's lag and age. Not safe for use by several threads at once."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._admin = new_admin(kafka)
        # One record per partition is wanted: small fetches.
        self._consumer: Consumer = new_consumer(
            kafka,
            max_partition_fetch_bytes=65_536,
            queued_max_messages_kbytes=1_024,
            enable_partition_eof=True,
        )

    def read(self) -> LiveReading:
        """The reading now.

        Raises:
            UnavailableError: Kafka did not answer.
        """
        topic = self._kafka.names.slot_created
        partitions = partitions_of(self._admin, topic)
        # Not stable ones: a worker's open transaction must not hold the verdict up.
        answers = committed(
            self._admin, self._kafka.names.worker_group, topic, partitions, require_stable=False
        )
        ends = last_stable_offsets(self._admin, topic, partitions)
        at = self._positions(topic, answers)
        lag = {partition: max(0, ends[partition] - at[partition]) for partition in partitions}
        return LiveReading(lag, self._ages(topic, {p: at[p] for p in partitions if lag[p] > 0}))

    def close(self) -> None:
        """Let the client go."""
        self._consumer.close()

    def _positions(self, topic: str, answers: Mapping[int, Committed]) -> dict[int, int]:
        """Where scoring goes on: the committed offset, the log start where there is none."""
        at = {p: answer.offset for p, answer in answers.items() if answer.offset is not None}
        new = [partition for partition in answers if partition not in at]
        return at | log_starts(self._admin, topic, new)

    def _ages(self, topic: str, at: Mapping[int, int]) -> dict[int, float]:
        """How old the next record is, by partition; a marker at the offset is stepped over.

        0 where nothing but markers is left; absent where the answer did not come in time.
        """
        if not at:
            return {}
        self._consumer.assign([TopicPartition(topic, p, offset) for p, offset in at.items()])
        ages: dict[int, float] = {}
        deadline = time.monotonic() + AGE_DEADLINE
        while len(ages) < len(at) and time.monotonic() < deadline:
            for message in self._consumer.consume(500, timeout=0.05):
                partition, age = message.partition(), _age(message)
                if partition is not None and age is not None:
                    ages.setdefault(partition, age)
        self._consumer.unassign()
        return ages


def _age(message: Message) -> float | None:
    """Seconds since a record was published; 0 at the end of a partition, None for other events."""
    error = message.error()
    if error is None:
        return max(0.0, time.time() - message.timestamp()[1] / 1_000)
    return 0.0 if error.code() == KafkaError._PARTITION_EOF else None


class Governor:
    """Reads the live group every half second in a thread of its own; ``verdict`` is the latest.

    ``watched`` says whether there is live scoring to protect at all.
    """

    EVERY = 0.5

    def __init__(self, kafka: KafkaSettings, limits: Limits, watched: Callable[[], bool]) -> None:
        self.verdict: Verdict = GO_ON
        self._kafka = kafka
        self._limits = limits
        self._watched = watched
        self._live: LiveGroup | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="governor", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop watching."""
        self._stopped.set()
        self._thread.join(timeout=5)

    def _watch(self) -> None:
        try:
            while not self._stopped.wait(self.EVERY):
                self.verdict = self._look() if self._watched() else GO_ON
        finally:
            if self._live is not None:
                self._live.close()

    def _look(self) -> Verdict:
        # Whatever Kafka answers, the thread lives on: a dead one would leave its last verdict.
        try:
            if self._live is None:
                self._live = LiveGroup(self._kafka)
            verdict = govern(self._live.read(), self._limits, self.verdict)
        except (UnavailableError, KafkaException) as error:
            return Verdict(True, f"where live scoring stands cannot be read: {error}")
        if verdict.gives_way and not self.verdict.gives_way:
            _LOG.info("replay gives way", why=verdict.why)
        return verdict
