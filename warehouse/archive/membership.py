"""The group's consumer over the archived topics: what it brings, and whose partitions are whose.

Offsets are always assigned explicitly. No transaction is ever open while a callback runs: the
archive polls only between transactions.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from broker.clients import new_consumer
from broker.consuming import PAST_RETENTION, endure, membership
from broker.errors import kafka_error
from broker.settings import KafkaSettings
from warehouse.archive.partition import Partition
from warehouse.archive.settings import ArchiveSettings

_LOG = structlog.get_logger()

POLL_SECONDS: Final = 0.2
MOST_AT_ONCE: Final = 2_000
Key = tuple[str, int]
"""Topic, as on the cluster, and partition."""

Placed = Callable[[list[Key]], dict[Key, Partition]]


class Membership:
    """Follows the group's callbacks. ``place`` makes the partitions that the group gives us."""

    def __init__(
        self, kafka: KafkaSettings, settings: ArchiveSettings, topics: Iterable[str], place: Placed
    ) -> None:
        self._where = kafka.bootstrap_servers
        self._topics = list(topics)
        self._place = place
        self._changes = 0
        self._held: set[Key] = set()
        self.joined = False
        self.partitions: dict[Key, Partition] = {}
        self._consumer: Consumer = new_consumer(
            kafka,
            group_id=kafka.names.archive_group,
            enable_partition_eof=True,
            queued_max_messages_kbytes=settings.queue_kbytes,
            **settings.group_properties(),
        )

    def subscribe(self) -> None:
        """Join the group."""
        self._consumer.subscribe(
            self._topics, on_assign=self._on_assign, on_revoke=self._forget, on_lost=self._forget
        )

    def take(self) -> list[Message]:
        """Whatever is there; ends (EOF events) included, other events acted upon.

        Raises:
            UnavailableError: this process cannot go on.
        """
        changes = self._changes
        messages = self._consume()
        if self._changes != changes:
            # The partitions changed hands within this very call: what it brought may have been
            # fetched before that.
            self.seek_back(self.partitions.values())
            return []
        return [message for message in messages if self._is_ours(message)]

    def group_metadata(self) -> Any:
        """As ``broker.consuming.membership``."""
        return membership(self._consumer)

    def seek_back(self, partitions: Iterable[Partition]) -> None:
        """Read each from its position again."""
        chosen = list(partitions)
        if not chosen:
            return
        try:
            self._consumer.incremental_unassign([_part(one) for one in chosen])
            self._assign(chosen)
        except KafkaException as error:
            # The group has taken them meanwhile; its callback comes with the next poll.
            _LOG.info("seeking while the group changes", why=str(error))
        for one in chosen:
            one.must_seek = False

    def hold(self) -> None:
        """Fetch only for partitions that take records now."""
        wanted = {key for key, one in self.partitions.items() if not one.gathers}
        if held := wanted - self._held:
            self._consumer.pause([TopicPartition(*key) for key in held])
        if freed := (self._held & self.partitions.keys()) - wanted:
            self._consumer.resume([TopicPartition(*key) for key in freed])
        self._held = wanted

    def leave(self) -> None:
        """Give the partitions back, and let the client go."""
        self._consumer.close()

    def _assign(self, chosen: Sequence[Partition]) -> None:
        self._consumer.incremental_assign([_part(one, one.position) for one in chosen])
        if chosen:
            self._consumer.resume([_part(one) for one in chosen])
        self._held -= {(one.topic.topic, one.number) for one in chosen}
        self.hold()

    def _on_assign(self, _: Consumer, parts: Sequence[TopicPartition]) -> None:
        self._changes += 1
        self.joined = True
        placed = self._place([(part.topic, part.partition) for part in parts])
        self.partitions |= placed
        self._assign(list(placed.values()))

    def _forget(self, _: Consumer, parts: Sequence[TopicPartition]) -> None:
        """A job of theirs that is under way is left alone: the next owner sends the same one."""
        self._changes += 1
        for part in parts:
            key = (part.topic, part.partition)
            self._held.discard(key)
            gone = self.partitions.pop(key, None)
            if gone is not None and gone.loading is None:
                gone.batch.close()
        _LOG.info("partitions given back", partitions=len(parts))

    def _consume(self) -> list[Message]:
        try:
            return self._consumer.consume(MOST_AT_ONCE, timeout=POLL_SECONDS)
        except KafkaException as error:
            endure(kafka_error(error), "archiving", self._where)
            return []

    def _is_ours(self, message: Message) -> bool:
        error = message.error()
        key = (message.topic() or "", message.partition() or 0)
        if error is None or error.code() == KafkaError._PARTITION_EOF:
            return key in self.partitions
        if error.code() in PAST_RETENTION:
            self._past_retention(key)
        else:
            endure(error, "archiving", self._where)
        return False

    def _past_retention(self, key: Key) -> None:
        """The log start has overtaken us: placing the partition anew says what was lost."""
        one = self.partitions.get(key)
        if one is None:
            return
        if one.loading is not None:
            # librdkafka fetches no more of it before it is set back, which a done load does then.
            one.must_seek = True
            return
        self.partitions |= self._place([key])
        self.seek_back([self.partitions[key]])


def _part(one: Partition, offset: int | None = None) -> TopicPartition:
    if offset is None:
        return TopicPartition(one.topic.topic, one.number)
    return TopicPartition(one.topic.topic, one.number, offset)
