"""Where a log starts and ends, and reading it to its end.

Ends and ranges are positions, never counts: transaction markers take offsets too. A read_committed
reader's own idea of the end (last stable offset, EOF event) stops before an open transaction and
hides what is committed behind it, so an end that must be reached is always the high watermark,
taken after the fact one waits for.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from confluent_kafka import (
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Message,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin import OffsetSpec as _OffsetSpec

from broker.clients import new_admin, new_consumer, where_is
from broker.errors import (
    Decision,
    LogNotStableError,
    SourceGoneError,
    decide,
    unavailable,
)
from broker.settings import KafkaSettings

_EARLIEST = _OffsetSpec.earliest()  # type: ignore[no-untyped-call]
_LATEST = _OffsetSpec.latest()  # type: ignore[no-untyped-call]
_COMMITTED = IsolationLevel.READ_COMMITTED
_UNCOMMITTED = IsolationLevel.READ_UNCOMMITTED

CALL_TIMEOUT = 15.0
"""Seconds for one question to the cluster, its retries included."""

READ_DEADLINE = 60.0
"""Seconds without any progress after which reading a log gives up and says so."""

BATCH = 5_000
"""Records asked for at a time."""

TAKE_SECONDS = 0.02
"""How long to wait for a full batch."""

QUEUE_KBYTES = 4_096
"""Records fetched ahead: librdkafka's default of 64 MiB is several times that in memory, for each
record has an overhead of its own."""


def partitions_of(admin: AdminClient, topic: str) -> list[int]:
    """The partitions of ``topic`` now, in order.

    Raises:
        TopicMissingError: there is no such topic. (It is never created by asking.)
    """
    futures = admin.describe_topics(TopicCollection([topic]), request_timeout=CALL_TIMEOUT)
    try:
        description = futures[topic].result()
    except KafkaException as error:
        raise unavailable(error, f"looking at topic '{topic}'", where_is(admin)) from error
    return sorted(partition.id for partition in description.partitions)


def log_starts(admin: AdminClient, topic: str, partitions: Iterable[int]) -> dict[int, int]:
    """The first offset that is still kept, by partition."""
    return _offsets(admin, topic, partitions, _EARLIEST, _UNCOMMITTED)


def high_watermarks(admin: AdminClient, topic: str, partitions: Iterable[int]) -> dict[int, int]:
    """The offset that the next record will get, by partition: open transactions included."""
    return _offsets(admin, topic, partitions, _LATEST, _UNCOMMITTED)


def last_stable_offsets(
    admin: AdminClient, topic: str, partitions: Iterable[int]
) -> dict[int, int]:
    """The offset before which no transaction is open, by partition."""
    return _offsets(admin, topic, partitions, _LATEST, _COMMITTED)


def offsets_for_time(
    admin: AdminClient, topic: str, partitions: Sequence[int], timestamp_ms: int
) -> dict[int, int]:
    """The first offset published at or after a time (Kafka's timestamp, milliseconds).

    A partition with nothing that late gives its high watermark.
    """
    found = _offsets(
        admin, topic, partitions, _OffsetSpec.for_timestamp(timestamp_ms), _UNCOMMITTED
    )
    missing = [partition for partition, offset in found.items() if offset < 0]
    return found | (high_watermarks(admin, topic, missing) if missing else {})


def wait_until_stable(
    admin: AdminClient, topic: str, ends: Mapping[int, int], *, timeout: float = READ_DEADLINE
) -> None:
    """Wait until every transaction that began before ``ends`` is over.

    Raises:
        LogNotStableError: one is still open after ``timeout`` seconds.
    """
    deadline = time.monotonic() + timeout
    waiting = dict(ends)
    while waiting:
        stable = last_stable_offsets(admin, topic, waiting)
        waiting = {p: end for p, end in waiting.items() if stable[p] < end}
        if waiting and time.monotonic() > deadline:
            partition = min(waiting)
            raise LogNotStableError(
                f"{topic}[{partition}]: a transaction open at offset {stable[partition]} has held "
                f"the log back for {timeout:.0f} s (waiting for {waiting[partition]}); find its "
                "producer: kafka-transactions.sh find-hanging, or wait for its time-out"
            )
        if waiting:
            time.sleep(0.05)


def read_to_end(
    kafka: KafkaSettings,
    topic: str,
    *,
    partitions: Sequence[int] | None = None,
    starts: Mapping[int, int] | None = None,
    deadline_seconds: float = READ_DEADLINE,
) -> Iterator[Message]:
    """Every committed record up to the end as it is *now* (high watermark, taken first).

    ``starts``: where to begin, by partition; default the log start.

    Raises:
        LogNotStableError: an open transaction holds the end back past the deadline.
        SourceGoneError: ``starts`` lies before the log start.
    """
    admin = new_admin(kafka)
    chosen = partitions if partitions is not None else partitions_of(admin, topic)
    ends = high_watermarks(admin, topic, chosen)
    begins = dict(starts) if starts is not None else log_starts(admin, topic, chosen)
    consumer = new_range_reader(kafka)
    try:
        for partition in chosen:
            for batch in read_range(
                consumer,
                topic,
                partition,
                begins[partition],
                ends[partition],
                deadline_seconds=deadline_seconds,
            ):
                yield from batch
    finally:
        consumer.close()


def new_range_reader(kafka: KafkaSettings, *, queue_kbytes: int = QUEUE_KBYTES) -> Consumer:
    """A plain reader for ``read_range``, which fetches ``queue_kbytes`` ahead."""
    return new_consumer(
        kafka,
        enable_partition_eof=True,
        queued_max_messages_kbytes=queue_kbytes,
    )


def read_range(
    consumer: Consumer,
    topic: str,
    partition: int,
    start: int,
    end: int,
    *,
    deadline_seconds: float = READ_DEADLINE,
) -> Iterator[list[Message]]:
    """The committed records of ``[start, end)``, in batches, until the position is at ``end``.

    ``consumer`` is one of ``new_range_reader``: the range may end on a transaction marker, which
    only the EOF event tells of. It is assigned to this partition alone.

    Raises:
        SourceGoneError: the start is no longer kept.
        LogNotStableError: no progress for ``deadline_seconds``: an open transaction, or no broker.
    """
    if start >= end:
        return
    consumer.assign([TopicPartition(topic, partition, start)])
    position = start
    deadline = time.monotonic() + deadline_seconds
    while position < end:
        # consume() waits for as many as it is asked for, and markers take offsets too: what is
        # wanted may never come, so that the last wait of every range is for nothing.
        messages = consumer.consume(min(BATCH, end - position), timeout=TAKE_SECONDS)
        batch, reached = _within(messages, position, end, topic)
        if batch:
            yield batch
        if reached > position:
            position = reached
            deadline = time.monotonic() + deadline_seconds
        elif time.monotonic() > deadline:
            raise LogNotStableError(
                f"{topic}[{partition}]: nothing to read at offset {position} for "
                f"{deadline_seconds:.0f} s, and {end} is to be reached: an open transaction holds "
                "the log back, or no broker answers; creneau status"
            )
    consumer.unassign()


def _within(
    messages: list[Message], position: int, end: int, topic: str
) -> tuple[list[Message], int]:
    if messages and not any(map(Message.error, messages)) and _offset(messages[-1]) < end:
        # Nearly always: one by one would take 0.17 µs each.
        return messages, max(position, _offset(messages[-1]) + 1)
    batch: list[Message] = []
    for message in messages:
        error = message.error()
        if error is not None:
            position = max(position, _passed(error, message, topic))
            continue
        offset = _offset(message)
        position = max(position, offset + 1)
        if offset < end:
            batch.append(message)
    return batch, position


def _passed(error: KafkaError, message: Message, topic: str) -> int:
    """The position an error event tells of; raises where reading cannot go on."""
    if error.code() == KafkaError._PARTITION_EOF:
        return _offset(message)
    if error.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):
        raise SourceGoneError(
            f"{topic}[{message.partition()}]: an offset asked for is not kept there "
            f"({error.str()}); its retention has passed"
        )
    if decide(error) in (Decision.PERSON, Decision.RECYCLE):
        raise unavailable(error, f"reading {topic}", "the cluster")
    return -1


def _offset(message: Message) -> int:
    offset = message.offset()
    return -1 if offset is None else offset


def _offsets(
    admin: AdminClient, topic: str, partitions: Iterable[int], spec: Any, isolation: Any
) -> dict[int, int]:
    asked = {TopicPartition(topic, partition): spec for partition in partitions}
    if not asked:
        return {}
    deadline = time.monotonic() + CALL_TIMEOUT
    while True:
        try:
            futures = admin.list_offsets(
                asked, isolation_level=isolation, request_timeout=CALL_TIMEOUT
            )
            return {part.partition: future.result().offset for part, future in futures.items()}
        except KafkaException as error:
            cause = error.args[0]
            again = decide(cause) in (Decision.RETRY, Decision.WAIT)
            if not again or time.monotonic() > deadline:
                raise unavailable(
                    error, f"asking for offsets of '{topic}'", where_is(admin)
                ) from error
            time.sleep(0.1)
