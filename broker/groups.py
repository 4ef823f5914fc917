"""What a consumer group has committed: offsets with their metadata."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from broker.clients import CONNECT_SECONDS, connect, new_consumer, settings_of, where_is
from broker.errors import Decision, decide, kafka_error, unavailable

CALL_TIMEOUT = 30.0
"""Seconds: long enough for a transaction in the middle of its commit to end or time out."""

CALL_SLICE = 5.0
"""Seconds for one attempt, at the most."""


@dataclass(frozen=True, slots=True)
class Committed:
    """A partition's committed offset (None: there is none) and the metadata committed with it."""

    offset: int | None
    metadata: str


def committed(
    admin: AdminClient,
    group: str,
    topic: str,
    partitions: Iterable[int],
    *,
    timeout: float = CALL_TIMEOUT,
    require_stable: bool = True,
) -> dict[int, Committed]:
    """The committed offsets of ``group``; with ``require_stable`` none of them is about to change.

    Figures for people, and whatever must not wait, ask without it: each answer is then the last
    offset committed, and an open transaction holds nobody up.

    Raises:
        UnavailableError: the coordinator did not answer, or (``require_stable``) a transaction
            stayed open past ``timeout`` seconds.
    """
    asked = [TopicPartition(topic, partition) for partition in partitions]
    if not asked:
        return {}
    deadline = time.monotonic() + timeout
    while True:
        try:
            return _ask(admin, group, asked, require_stable, min(timeout, CALL_SLICE))
        except KafkaException as error:
            if kafka_error(error).code() == KafkaError.GROUP_ID_NOT_FOUND:
                return {part.partition: Committed(None, "") for part in asked}
            again = decide(kafka_error(error)) in (Decision.RETRY, Decision.WAIT)
            if not again or time.monotonic() > deadline:
                raise unavailable(
                    error, f"asking for the offsets of group '{group}'", where_is(admin)
                ) from error
            time.sleep(0.05)


def _ask(
    admin: AdminClient,
    group: str,
    asked: list[TopicPartition],
    require_stable: bool,
    timeout: float,
) -> dict[int, Committed]:
    """Ask as a consumer of the group that never joins it.

    The admin client's own call crashes the process when the group's coordinator moves or has just
    started (librdkafka #5040; seen). A fresh client each time: one that has lived through a
    broker's restart may wait for ever for a coordinator that it believes to know.
    """
    consumer = new_consumer(
        settings_of(admin),
        group_id=group,
        isolation_level="read_committed" if require_stable else "read_uncommitted",
    )
    began = time.monotonic()
    try:
        connect(consumer, "__consumer_offsets", min(timeout, CONNECT_SECONDS))
        left = timeout - (time.monotonic() - began)
        parts = consumer.committed(asked, timeout=max(left, 0.1))
    finally:
        consumer.close()
    answer: dict[int, Committed] = {}
    for part in parts:
        if part.error is not None:
            raise KafkaException(part.error)
        offset = part.offset if part.offset >= 0 else None
        answer[part.partition] = Committed(offset, metadata_text(part))
    return answer


def metadata_text(part: TopicPartition) -> str:
    """The metadata, or "" where it is no UTF-8: ours always is.

    So it came for a group of Kafka Streams (Kafka 4.3.1, librdkafka 2.16), whose offsets are sound.
    """
    try:
        return part.metadata or ""
    except UnicodeDecodeError:
        return ""
