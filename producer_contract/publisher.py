"""Publishes slot-created events so that none is lost without a word."""

import logging
import threading
import time
from collections.abc import Mapping
from functools import partial
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from producer_contract import topics
from producer_contract.client_settings import merged
from producer_contract.codec import encode_slot_created
from producer_contract.errors import UnavailableError
from producer_contract.events import SlotCreated
from producer_contract.kafka_errors import explain, log_level, setting_error

_log = logging.getLogger(__name__)

NEEDED: Final = {
    "enable.idempotence": True,
    "acks": "all",
    # As Java clients partition, so that both languages may publish to one topic.
    "partitioner": "murmur2_random",
    "transactional.id": None,
}
DEFAULTS: Final = {
    "linger.ms": 5,
    "delivery.timeout.ms": 30_000,
    "queue.buffering.max.messages": 50_000,
    "queue.buffering.max.kbytes": 65_536,
    "log_level": 2,  # the error callback says the same, less often
}


class UndeliveredSlot(NamedTuple):
    """A slot that Kafka did not take, and why."""

    slot_id: str
    reason: str


class DeliveryError(UnavailableError):
    """Events given to ``publish`` were not delivered: publish those of ``slots`` again.

    A duplicate is harmless, so publishing a whole batch again is fine too.
    """

    def __init__(self, topic: str, slots: tuple[UndeliveredSlot, ...]) -> None:
        first = slots[0]
        more = f" and {len(slots) - 1} more" if len(slots) > 1 else ""
        super().__init__(
            f"{topic}: slot {first.slot_id}{more} not delivered ({first.reason}); publish again"
        )
        self.slots = slots


class StillWaitingError(UnavailableError):
    """``flush`` ran out of time with ``waiting`` events neither delivered nor failed."""

    def __init__(self, topic: str, waiting: int) -> None:
        super().__init__(
            f"{topic}: {waiting} events not yet delivered; flush again, or publish them again later"
        )
        self.waiting = waiting


class QueueFullError(UnavailableError):
    """Kafka takes events more slowly than they come; the event was not taken. Try again later."""


class SlotPublisher:
    """Publishes slot-created events: idempotent, acknowledged by all replicas, bounded in memory.

    Made for an outbox: publish a batch, ``flush()``, and mark the batch as sent when nothing was
    raised. Safe to share between threads; not across a fork.

    Args:
        config: librdkafka properties, ``bootstrap.servers`` at least.
        topic: as it is called on the cluster.
        patience: seconds that ``publish`` waits for room when the queue is full.

    Raises:
        BadKafkaSettingError: a property is unknown or against what the contract needs.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        *,
        topic: str = topics.SLOT_CREATED,
        patience: float = 30.0,
    ) -> None:
        properties = merged(config, defaults=DEFAULTS, needed=NEEDED)
        properties.setdefault("error_cb", self._noticed)
        properties.setdefault("logger", _log)
        self._topic = topic
        self._patience = patience
        self._undelivered: list[UndeliveredSlot] = []
        self._waiting: set[object] = set()
        self._telling = threading.Lock()
        try:
            self._producer = Producer(properties)
        except KafkaException as error:
            raise setting_error(error) from error

    def publish(self, event: SlotCreated) -> None:
        """Queue ``event`` for Kafka; blocks at most ``patience`` seconds while the queue is full.

        Raises:
            DeliveryError: events given *earlier* failed. This one was not taken either.
            QueueFullError: no room within ``patience`` seconds. The event was not taken.
            ClientLostError: this publisher can do nothing more. The event was not taken.
        """
        self._raise_undelivered()
        deadline = time.monotonic() + self._patience
        while not self._queued(event.slot_id.encode(), encode_slot_created(event)):
            if time.monotonic() >= deadline:
                raise QueueFullError(
                    f"{self._topic}: no room for slot {event.slot_id} within {self._patience:g} s; "
                    "Kafka is away or too slow, publish it again later"
                )
            self._producer.poll(0.1)
        self._producer.poll(0)

    def flush(self, timeout: float = 35.0) -> None:
        """Wait until every event given so far is delivered.

        The default is longer than ``delivery.timeout.ms``, so that every outcome is known.

        Raises:
            DeliveryError: some were not.
            StillWaitingError: some are still waiting after ``timeout`` seconds.
        """
        # What it returns counts reports of errors too, which are no events of ours.
        self._producer.flush(timeout)
        if waiting := self._raise_undelivered():
            raise StillWaitingError(self._topic, waiting)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Flush; a failed delivery is raised, or noted on the error that is already on its way."""
        try:
            self.flush()
        except UnavailableError as undelivered:
            if error is None:
                raise
            error.add_note(str(undelivered))

    def _queued(self, key: bytes, value: bytes) -> bool:
        # Noted first: another thread's poll may bring the outcome before produce() is back.
        token = object()
        told = partial(self._on_delivery, token)
        taken = False
        self._waiting.add(token)
        try:
            self._producer.produce(self._topic, value, key, on_delivery=told)
            taken = True
        except BufferError:
            pass
        except KafkaException as error:
            raise explain(error.args[0], self._topic) from error
        finally:
            # Of a Ctrl-C too. Where Kafka has taken it all the same, its outcome finds no token.
            if not taken:
                self._waiting.discard(token)
        return taken

    def _on_delivery(self, token: object, error: KafkaError | None, message: Message) -> None:
        failed: list[UndeliveredSlot] = []
        if error is not None:
            key = message.key() or b""
            slot_id = key.decode() if isinstance(key, bytes) else key
            failed.append(UndeliveredSlot(slot_id, str(explain(error, self._topic))))
        # Together: who finds nothing waiting must find the failure.
        with self._telling:
            self._waiting.discard(token)
            self._undelivered += failed

    def _raise_undelivered(self) -> int:
        """How many are still waiting, where none has failed."""
        with self._telling:
            undelivered, self._undelivered = self._undelivered, []
            waiting = len(self._waiting)
        if undelivered:
            raise DeliveryError(self._topic, tuple(undelivered))
        return waiting

    def _noticed(self, error: KafkaError) -> None:
        """Errors that librdkafka mends by itself; what it cannot mend comes out of ``publish``."""
        _log.log(log_level(error), "%s", explain(error, self._topic))
