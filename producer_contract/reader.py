"""Reads slot-probability by the reader's rule and hands over only what changed."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from producer_contract import topics
from producer_contract.changes import Change, changes
from producer_contract.client_settings import merged
from producer_contract.codec import decode_slot_probability
from producer_contract.errors import UnavailableError
from producer_contract.group_offsets import committed_offsets
from producer_contract.held import HeldProbabilities
from producer_contract.kafka_errors import KafkaAwayError, explain, log_level, setting_error
from producer_contract.positions import first_offsets, last_offsets
from producer_contract.records import SlotProbabilityRecord
from producer_contract.refusal import Refusal

_log = logging.getLogger(__name__)

NEEDED: Final = {
    "isolation.level": "read_committed",
    "enable.auto.commit": False,
    # Where to start is said at each assignment; past that, a reset would be a silent gap.
    "auto.offset.reset": "error",
    "partition.assignment.strategy": None,
}
DEFAULTS: Final = {
    "queued.max.messages.kbytes": 16_384,
    "fetch.wait.max.ms": 50,
    "log_level": 2,  # the error callback says the same, less often
}

_REJOINS = frozenset(
    {
        KafkaError._MAX_POLL_EXCEEDED,
        KafkaError.UNKNOWN_MEMBER_ID,
        KafkaError.ILLEGAL_GENERATION,
        KafkaError.REBALANCE_IN_PROGRESS,
        KafkaError._ASSIGNMENT_LOST,
        KafkaError._NO_OFFSET,
    }
)
"""Another member has the partitions or will have: it reads the same again, which is harmless."""

_COMMIT_SECONDS = 30.0


class OutputsGoneError(UnavailableError):
    """Kafka's retention deleted outputs that this group had not read yet."""


class UnreadableOutputError(UnavailableError):
    """A message on the topic is not an output that this version of the contract understands."""


class ProbabilityReader:
    """Hands a slot app the probabilities that changed, withdrawals included.

    At least once: what a call to ``deliver`` handed over is held and committed only after the
    caller has taken it, so after a crash the last batch comes again.

    Args:
        config: librdkafka properties, ``bootstrap.servers`` at least.
        group_id: the consumer group; several readers of one group share the partitions. They need
            one common store of what is held, or one in memory each.
        held: what is held for each slot. Not durable: every start reads from the oldest output.
        topic: as it is called on the cluster.
        timeout: seconds to wait for Kafka's first answer.

    Raises:
        BadKafkaSettingError: a property is unknown or against what the contract needs.
        KafkaAwayError, AccessRefusedError, TopicMissingError: the topic cannot be read.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        *,
        group_id: str,
        held: HeldProbabilities,
        topic: str = topics.SLOT_PROBABILITY,
        timeout: float = 10.0,
    ) -> None:
        properties = merged(config, defaults=DEFAULTS, needed=NEEDED)
        properties["group.id"] = group_id
        properties.setdefault("error_cb", self._noticed)
        properties.setdefault("logger", _log)
        self._topic = topic
        self._timeout = timeout
        self._held = held
        try:
            self._consumer = Consumer(properties)
        except KafkaException as error:
            raise setting_error(error) from error
        try:
            self._check_topic()
        except UnavailableError:
            self.close()
            raise
        self._unplaced: list[TopicPartition] = []
        self._consumer.subscribe([topic], on_assign=self._on_assign, on_revoke=self._on_revoke)

    def deliver(
        self,
        apply: Callable[[Sequence[Change]], None],
        *,
        timeout: float = 1.0,
        at_most: int = 1000,
    ) -> int:
        """Read the next outputs and hand what changed to ``apply``, in the order of the log.

        Args:
            apply: called once, if anything changed. When it raises, nothing is held or committed,
                the same outputs are read again by the next call, and the error goes on.
            timeout: seconds to wait for the first output.
            at_most: outputs in one go.

        Returns:
            How many changes were handed over.

        Raises:
            OutputsGoneError, UnreadableOutputError: see there; nothing is skipped.
            AccessRefusedError, TopicMissingError, ClientLostError: the reader cannot go on.
            KafkaAwayError: the batch was handed over but could not be committed, or nobody says
                where the group stands. The next call goes on.
        """
        messages = self._consume(at_most, timeout)
        if not messages:
            return 0
        try:
            outputs = [self._decoded(message) for message in messages]
            known = self._held.get({output.slot_id for output in outputs})
            changed, touched = changes(known, outputs)
            if changed:
                apply(changed)
            self._held.put(touched)
        except BaseException:
            self._rewind(messages)
            raise
        self._commit(messages)
        return len(changed)

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _check_topic(self) -> None:
        try:
            found = self._consumer.list_topics(self._topic, timeout=self._timeout)
        except KafkaException as error:
            raise explain(error.args[0], self._topic) from error
        trouble = found.topics[self._topic].error
        if trouble is not None:
            raise explain(trouble, self._topic)

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        # Always assigned here: after an error in a callback the client would assign by itself, to
        # no offset, which reads as outputs that are gone.
        consumer.assign([])
        self._unplaced = partitions
        self._place()

    def _on_revoke(self, consumer: Consumer, _: list[TopicPartition]) -> None:
        self._unplaced = []
        consumer.unassign()

    def _place(self) -> None:
        """Start the partitions that have no place yet; until that works nothing of them is read.

        Raises:
            KafkaAwayError, AccessRefusedError, ClientLostError: the next call tries again.
        """
        if not self._unplaced:
            return
        placed = self._unplaced
        if self._held.durable:
            placed = committed_offsets(self._consumer, placed, self._topic, self._timeout)
        for partition in placed:
            if partition.offset < 0:  # nothing committed, or not asked for
                partition.offset = OFFSET_BEGINNING
        self._consumer.assign(placed)
        self._unplaced = []

    def _consume(self, at_most: int, timeout: float) -> list[Message]:
        self._place()
        try:
            # consume() alone would wait out its timeout for a full batch.
            first = self._consumer.poll(timeout)
            if first is None:
                return []
            messages = [first, *self._consumer.consume(at_most - 1, 0)]
        except KafkaException as error:
            raise explain(error.args[0], self._topic) from error
        good = [message for message in messages if message.error() is None]
        try:
            for message in messages:
                if (trouble := message.error()) is not None:
                    self._decide(trouble, message.partition())
        except UnavailableError:
            self._rewind(good)
            raise
        return good

    def _decide(self, error: KafkaError, partition: int | None) -> None:
        """Raise unless the consumer mends it by itself."""
        if error.code() == KafkaError._AUTO_OFFSET_RESET:
            raise OutputsGoneError(
                f"{self._topic} partition {partition}: outputs not read yet are past Kafka's "
                f"retention ({error.str()}); reset the group to the oldest ones to go on"
            )
        if error.code() in _REJOINS and not error.fatal():
            _log.warning("%s: the group rebalances (%s)", self._topic, error.str())
            return
        meaning = explain(error, self._topic)
        if isinstance(meaning, KafkaAwayError):
            _log.warning("%s", meaning)
            return
        raise meaning

    def _decoded(self, message: Message) -> SlotProbabilityRecord:
        value = message.value()
        try:
            return decode_slot_probability(value.encode() if isinstance(value, str) else value)
        except Refusal as refusal:
            raise UnreadableOutputError(
                f"{self._topic} partition {message.partition()} offset {message.offset()} is not a "
                f"slot-probability event ({refusal}); upgrade creneau-contract"
            ) from refusal

    def _rewind(self, messages: Sequence[Message]) -> None:
        for partition, offset in first_offsets(messages).items():
            try:
                self._consumer.seek(TopicPartition(self._topic, partition, offset))
            except KafkaException as error:
                # The partition has gone to another member, which starts at the committed offset.
                _log.warning("%s: cannot go back to %s: %s", self._topic, offset, error)

    def _commit(self, messages: Sequence[Message]) -> None:
        offsets = [
            TopicPartition(self._topic, partition, offset + 1)
            for partition, offset in last_offsets(messages).items()
        ]
        deadline = time.monotonic() + _COMMIT_SECONDS
        while True:
            try:
                self._consumer.commit(offsets=offsets, asynchronous=False)
                return
            except KafkaException as error:
                cause: KafkaError = error.args[0]
                if cause.code() in _REJOINS and not cause.fatal():
                    _log.warning("%s: not committed, the group rebalances", self._topic)
                    return
                meaning = explain(cause, self._topic)
                if not isinstance(meaning, KafkaAwayError) or time.monotonic() >= deadline:
                    raise meaning from error
                time.sleep(0.2)

    def _noticed(self, error: KafkaError) -> None:
        """Errors of the client as a whole; librdkafka goes on by itself unless they are fatal."""
        _log.log(log_level(error), "%s", explain(error, self._topic))
