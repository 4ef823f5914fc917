"""Answers every slot-created event with a fixed probability: Créneau, as a slot app sees it."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self

from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition

from producer_contract import topics
from producer_contract.codec import decode_slot_created, encode_slot_probability
from producer_contract.refusal import Refusal

MODEL_VERSION: Final = "stub"
_TIMEOUT: Final = 15.0


@dataclass(frozen=True, slots=True)
class RefusedEvent:
    """An event that Créneau would refuse too, with its code and reason."""

    key: bytes | None
    code: str
    reason: str


class StubScorer:
    """Reads ``slot-created`` from its start and answers on the same partition of the outputs.

    A context manager; works in a thread of its own until it is closed. Answers are valid
    ``slot-probability`` v1 events at epoch 0, model ``stub``. Events that Créneau would refuse get
    no answer; they are listed in ``refused``.

    Args:
        bootstrap_servers: the brokers.
        probability: of every slot, 0 to 1; None: every answer is a withdrawal.
        source, output: the topics, as they are called on the cluster; both must exist.
    """

    def __init__(
        self,
        bootstrap_servers: str,
        *,
        probability: float | None = 0.5,
        source: str = topics.SLOT_CREATED,
        output: str = topics.SLOT_PROBABILITY,
    ) -> None:
        self.probability = probability
        self.refused: list[RefusedEvent] = []
        self._source, self._output = source, output
        common: dict[str, Any] = {"bootstrap.servers": bootstrap_servers, "log_level": 0}
        self._consumer = Consumer(
            common
            | {
                "group.id": "creneau-stub",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 50,
            }
        )
        self._producer = Producer(common | {"enable.idempotence": True, "linger.ms": 0})
        self._closing = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="stub-scorer", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop answering.

        Raises:
            KafkaException: what had stopped the stub before, a missing topic say.
        """
        self._closing.set()
        self._thread.join()
        self._producer.flush(_TIMEOUT)
        self._consumer.close()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            self._take_every_partition()
            while not self._closing.is_set():
                for message in self._consumer.consume(1000, timeout=0.05):
                    self._answer(message)
                self._producer.poll(0)
        except KafkaException as failure:
            self._failure = failure

    def _take_every_partition(self) -> None:
        topic = self._consumer.list_topics(self._source, timeout=_TIMEOUT).topics[self._source]
        if topic.error is not None:
            raise KafkaException(topic.error)
        self._consumer.assign(
            [TopicPartition(self._source, partition, 0) for partition in topic.partitions]
        )

    def _answer(self, message: Message) -> None:
        error = message.error()
        if error is not None:
            raise KafkaException(error)
        value, key = message.value(), message.key()
        key_bytes = key.encode() if isinstance(key, str) else key
        try:
            event = decode_slot_created(value, key_bytes)
        except Refusal as refusal:
            self.refused.append(RefusedEvent(key_bytes, refusal.code, refusal.reason))
            return
        answer = encode_slot_probability(
            slot_id=event.slot_id,
            probability=self.probability,
            model_version=MODEL_VERSION,
            epoch=0,
            source_partition=message.partition() or 0,
            source_offset=message.offset() or 0,
            lesson_start_at=event.lesson_start_at,
            scored_at=datetime.now(UTC),
            replay_id=None,
        )
        partition = message.partition() or 0
        self._producer.produce(self._output, answer, key=key_bytes, partition=partition)
