"""The exactly-once session: one transactional producer, and what each of its failures leads to.

A session is in one of three states for its user:

- fine: the call returned;
- ``TransactionAborted``: nothing of this transaction will ever be visible. Rewind to the committed
  offsets and go on with the same session;
- ``SessionLost``: the producer had to be closed, the outcome of the transaction is unknown
  (committed whole, or not at all). Make a new session under the same transactional id, which
  settles it, then rewind to the committed offsets. ``SessionFenced`` is the case in which another
  process has taken the id over: whoever is fenced must not go on under it.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from broker.clients import connect, new_producer
from broker.errors import FENCED, Decision, decide, kafka_error, unavailable
from broker.records import Headers
from broker.settings import KafkaSettings

TRANSACTION_TIMEOUT = 10.0
"""Seconds after which the broker aborts a transaction: an open one holds every reader back."""

SETTLE_TIMEOUT = 15.0
"""Seconds for ending a transaction, retries included; longer than the broker's own time-out."""

INIT_TIMEOUT = 60.0
"""Seconds to take a transactional id over, a predecessor's open transaction included."""

_SLICE = 2.0
"""Seconds per call: librdkafka may block for ever without one, and resumes when called again."""

HANG_TIMEOUT = 3 * _SLICE
"""Seconds after which a call that should have come back after ``_SLICE`` is given up."""


class TransactionAborted(Exception):  # noqa: N818  it is an outcome, and the caller goes on
    """The transaction was aborted; the session can begin the next one."""

    def __init__(self, error: KafkaError, doing: str) -> None:
        super().__init__(f"{doing}: {error.name()}: {error.str()}")
        self.error = error


class SessionLost(Exception):  # noqa: N818
    """The session has closed itself; the outcome of its transaction is unknown."""

    def __init__(self, error: KafkaError, doing: str) -> None:
        super().__init__(f"{doing}: {error.name()}: {error.str()}")
        self.error = error


class SessionFenced(SessionLost):
    """Another process has taken the transactional id over."""


class TransactionalSession:
    """A transactional producer that is ready to begin, or a clear error.

    Not safe for use by several threads at once. At most one transaction is open at a time.

    Raises:
        UnavailableError: the cluster did not answer within ``INIT_TIMEOUT``, or refused us.
        SessionFenced: another process took the id over at the same moment.
    """

    def __init__(self, kafka: KafkaSettings, transactional_id: str, **overrides: Any) -> None:
        self.transactional_id = transactional_id
        self._where = kafka.bootstrap_servers
        self._producer = new_producer(
            kafka,
            transactional_id=transactional_id,
            transaction_timeout_ms=int(TRANSACTION_TIMEOUT * 1_000),
            **overrides,
        )
        self._in_transaction = False
        self._closed = False
        self._connect()
        self._initialise()

    @property
    def in_transaction(self) -> bool:
        return self._in_transaction

    def begin(self) -> None:
        """Open a transaction (nothing is sent yet)."""
        try:
            self._producer.begin_transaction()
        except KafkaException as error:
            self._lose(kafka_error(error), "beginning a transaction", error)
        self._in_transaction = True

    def produce(
        self,
        topic: str,
        partition: int,
        *,
        key: bytes | None,
        value: bytes | None,
        headers: Headers | Sequence[tuple[str, bytes | None]] | None = None,
    ) -> None:
        """Hand one record to the open transaction; waits while the queue is full.

        Raises:
            TransactionAborted: it cannot be sent (too large for the topic, say).
            SessionLost: as above.
        """
        deadline: float | None = None
        looked = False
        while True:
            try:
                if headers is None:
                    self._producer.produce(topic, value, key, partition)
                else:
                    self._producer.produce(topic, value, key, partition, headers=list(headers))
                return
            except BufferError:
                deadline = deadline or time.monotonic() + SETTLE_TIMEOUT
                if time.monotonic() > deadline:
                    full = KafkaError(KafkaError._QUEUE_FULL, "the queue did not drain")
                    self._abort_because(full, f"writing to {topic}[{partition}]")
                self._producer.poll(0.1)
            except KafkaException as error:
                cause = kafka_error(error)
                if cause.code() == KafkaError._UNKNOWN_PARTITION and not looked:
                    # It may have been added since the producer last looked at the topic.
                    looked = True
                    with suppress(KafkaException):
                        self._producer.list_topics(topic, timeout=_SLICE)
                    continue
                self._abort_because(cause, f"writing to {topic}[{partition}]")

    def produce_all(
        self,
        topic: str,
        partitions: Iterable[int],
        keys: Iterable[bytes | None],
        values: Iterable[bytes | None],
    ) -> None:
        """The same for many records, given as columns, at half the price per record."""
        produce = self._producer.produce
        for partition, (key, value) in zip(
            partitions, zip(keys, values, strict=True), strict=False
        ):
            try:
                produce(topic, value, key, partition)
            except (BufferError, KafkaException):
                self.produce(topic, partition, key=key, value=value)

    def send_offsets(self, offsets: Sequence[TopicPartition], group_metadata: Any) -> None:
        """Make the offsets (each the last one + 1, with its metadata) part of the transaction.

        Raises:
            TransactionAborted: the group has fenced us (its generation moved on), among others.
        """
        producer = self._producer
        self._call(
            lambda: self._bounded(
                lambda: producer.send_offsets_to_transaction(list(offsets), group_metadata, _SLICE)
            ),
            "committing offsets",
        )

    def commit(self) -> None:
        """Commit: returns only when the coordinator has said so.

        The markers may reach the logs a little later (see ``broker.log``).
        """
        self._call(lambda: self._producer.commit_transaction(_SLICE), "committing a transaction")
        self._in_transaction = False

    def abort(self) -> None:
        """Abort the open transaction; without one, do nothing."""
        if not self._in_transaction:
            return
        deadline = time.monotonic() + SETTLE_TIMEOUT
        while True:
            try:
                self._producer.abort_transaction(_SLICE)
                self._in_transaction = False
                return
            except KafkaException as error:
                cause = kafka_error(error)
                again = decide(cause) in (Decision.RETRY, Decision.WAIT)
                if not again or time.monotonic() > deadline:
                    self._lose(cause, "aborting a transaction", error)

    def close(self) -> None:
        """Abort what is open, and let the producer go. Safe to call twice."""
        if self._closed:
            return
        try:
            self.abort()
        except SessionLost:
            return
        self._release()

    def _connect(self) -> None:
        """Have a connection first: librdkafka looks for the coordinator at once, and where no
        broker is up yet it looks again only after half a second (12 of 40 sessions; so, none)."""
        connect(self._producer, "__transaction_state", _SLICE)
        # A broker is known by its number now; its own connection follows within milliseconds.
        self._producer.poll(0.03)

    def _initialise(self) -> None:
        deadline = time.monotonic() + INIT_TIMEOUT
        while True:
            try:
                self._producer.init_transactions(_SLICE)
                return
            except KafkaException as error:
                cause = kafka_error(error)
                decision = decide(cause)
                if cause.code() in FENCED:
                    self._lose(cause, f"initialising '{self.transactional_id}'", error)
                # A new producer would be refused for the same reason: nothing was lost yet.
                refused = decision in (Decision.PERSON, Decision.RECYCLE)
                if refused or time.monotonic() > deadline:
                    self._release()
                    doing = f"taking over the transactional id '{self.transactional_id}'"
                    raise unavailable(cause, doing, self._where) from error

    def _call(self, call: Callable[[], None], doing: str) -> None:
        """Call until it works, retrying what may be retried, for ``SETTLE_TIMEOUT``."""
        deadline = time.monotonic() + SETTLE_TIMEOUT
        while True:
            try:
                call()
                return
            except KafkaException as error:
                cause = kafka_error(error)
                decision = decide(cause)
                if decision in (Decision.RETRY, Decision.WAIT) and time.monotonic() < deadline:
                    continue
                if decision in (Decision.ABORT, Decision.PERSON):
                    self._abort_because(cause, doing, error)
                # After a timed-out EndTxn nobody knows the outcome: only a new producer under the
                # same id settles it.
                self._lose(cause, doing, error)

    def _bounded(self, call: Callable[[], None]) -> None:
        """Call in a thread of its own, and leave it behind when it does not come back.

        librdkafka ignores the timeout of send_offsets_to_transaction while it looks for the
        group's coordinator (librdkafka #5456, #5511); seen whenever the broker restarted there.
        The next session under our id fences the producer that is left hanging.
        """
        failed: list[KafkaException] = []

        def run() -> None:
            try:
                call()
            except KafkaException as error:
                failed.append(error)

        thread = threading.Thread(target=run, daemon=True, name="send-offsets")
        thread.start()
        thread.join(HANG_TIMEOUT)
        if thread.is_alive():
            hanging = KafkaError(KafkaError._TIMED_OUT, "the call does not come back")
            self._lose(hanging, "committing offsets", None)
        if failed:
            raise failed[0]

    def _abort_because(
        self, cause: KafkaError, doing: str, error: BaseException | None = None
    ) -> None:
        decision = decide(cause)
        if decision is Decision.RECYCLE and cause.code() != KafkaError.MSG_SIZE_TOO_LARGE:
            self._lose(cause, doing, error)
        self.abort()
        if decision is Decision.PERSON:
            raise unavailable(cause, doing, self._where) from error
        raise TransactionAborted(cause, doing) from error

    def _lose(self, cause: KafkaError, doing: str, error: BaseException | None) -> None:
        self._release()
        lost = SessionFenced if cause.code() in FENCED else SessionLost
        raise lost(cause, doing) from error

    def _release(self) -> None:
        self._closed = True
        self._in_transaction = False
        # What is still queued belongs to a transaction that will not be committed by us. close()
        # would wait without a bound for a broker that does not answer; dropping the client does
        # not.
        with suppress(KafkaException):
            self._producer.purge()
        del self._producer
