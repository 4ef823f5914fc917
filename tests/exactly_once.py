"""A plain reader that checks the exactly-once promises from outside.

It imports nothing from ``consumer/`` and knows the wire forms only: read committed, parse JSON and
headers, compare. I1: every event below the committed offset has exactly one live outcome, and
nothing else has one. I2: live outputs of a partition carry non-decreasing epochs in log order.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, Message, TopicPartition
from confluent_kafka.admin import AdminClient

from broker.settings import KafkaSettings

Place = tuple[int, int]
"""Source partition and offset."""


@dataclass
class Findings:
    """What was read, and what is wrong with it: empty lists are good."""

    events: set[Place] = field(default_factory=set)
    scored: Counter[Place] = field(default_factory=Counter)
    dead: Counter[Place] = field(default_factory=Counter)
    committed: dict[int, int | None] = field(default_factory=dict)
    epochs_backwards: list[str] = field(default_factory=list)
    wrong_partition: list[str] = field(default_factory=list)

    @property
    def outcomes(self) -> Counter[Place]:
        return self.scored + self.dead

    @property
    def missing(self) -> list[Place]:
        """Events below the committed offset without an outcome."""
        outcomes = self.outcomes
        return sorted(
            place
            for place in self.events
            if place[1] < (self.committed.get(place[0]) or 0) and place not in outcomes
        )

    @property
    def doubled(self) -> list[Place]:
        return sorted(place for place, count in self.outcomes.items() if count > 1)

    @property
    def premature(self) -> list[Place]:
        """Outcomes at or above the committed offset, or of no event at all."""
        return sorted(
            place
            for place in self.outcomes
            if place not in self.events or place[1] >= (self.committed.get(place[0]) or 0)
        )

    def assert_exactly_once(self) -> None:
        assert not self.missing, f"lost: {self.missing[:5]} of {len(self.missing)}"
        assert not self.doubled, f"twice: {self.doubled[:5]} of {len(self.doubled)}"
        assert not self.premature, f"uncommitted: {self.premature[:5]} of {len(self.premature)}"
        assert not self.epochs_backwards, self.epochs_backwards[:5]
        assert not self.wrong_partition, self.wrong_partition[:5]

    def assert_all_done(self, published: int) -> None:
        """Exactly once, and nothing left to do of ``published`` events."""
        self.assert_exactly_once()
        assert len(self.events) == published
        assert sum(self.outcomes.values()) == published


def check(kafka: KafkaSettings) -> Findings:
    """Read the source, both kinds of outcomes and the group's offsets to their ends."""
    names = kafka.names
    found = Findings(committed=committed_offsets(kafka))
    for message in read(kafka, names.slot_created):
        found.events.add((message.partition() or 0, message.offset() or 0))
    last_epoch: dict[int, int] = {}
    for message in read(kafka, names.slot_probability):
        output = json.loads(message.value() or b"")
        if output["replay_id"] is not None:
            continue
        partition = output["source_partition"]
        found.scored[(partition, output["source_offset"])] += 1
        if partition != message.partition():
            found.wrong_partition.append(f"{partition} in {message.partition()}")
        if output["epoch"] < last_epoch.get(partition, 0):
            found.epochs_backwards.append(f"[{partition}]@{message.offset()}: {output['epoch']}")
        last_epoch[partition] = max(last_epoch.get(partition, 0), output["epoch"])
    for message in read(kafka, names.dead_letters):
        headers = dict(message.headers() or [])
        if "creneau-replay-id" not in headers:
            place = int(headers["creneau-partition"]), int(headers["creneau-offset"])
            found.dead[place] += 1
            if place[0] != message.partition():
                found.wrong_partition.append(f"{place[0]} in {message.partition()}")
    return found


def committed_offsets(kafka: KafkaSettings) -> dict[int, int | None]:
    """The worker group's stable offsets by partition; None where there is none."""
    return {part: offset for part, (offset, _) in committed_with_metadata(kafka).items()}


def committed_with_metadata(kafka: KafkaSettings) -> dict[int, tuple[int | None, str]]:
    """Offset and metadata by partition."""
    admin = _admin(kafka.bootstrap_servers)
    topic = kafka.names.slot_created
    partitions = admin.list_topics(topic, timeout=15).topics[topic].partitions
    asked = [TopicPartition(topic, partition) for partition in partitions]
    group = kafka.names.worker_group
    futures = admin.list_consumer_group_offsets(
        [ConsumerGroupTopicPartitions(group, asked)], require_stable=True, request_timeout=30
    )
    answered = futures[group].result().topic_partitions
    return {
        part.partition: (part.offset if part.offset >= 0 else None, part.metadata or "")
        for part in answered
    }


def read(kafka: KafkaSettings, topic: str) -> Iterator[Message]:
    """Every committed message of ``topic`` up to its high watermarks as they are now."""
    consumer = Consumer(
        {
            "bootstrap.servers": kafka.bootstrap_servers,
            "group.id": "exactly-once-check",
            "log_level": 2,
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
        }
    )
    ends: dict[int, int] = {}
    uncommitted = Consumer(
        {
            "bootstrap.servers": kafka.bootstrap_servers,
            "group.id": "exactly-once-check",
            "log_level": 2,
            "isolation.level": "read_uncommitted",
        }
    )
    for partition in consumer.list_topics(topic, timeout=15).topics[topic].partitions:
        part = TopicPartition(topic, partition)
        low, high = uncommitted.get_watermark_offsets(part, timeout=15)
        if low < high:
            ends[partition] = high
    uncommitted.close()
    consumer.assign([TopicPartition(topic, partition, 0) for partition in ends])
    while ends:
        for message in consumer.consume(5_000, timeout=0.2):
            partition, offset = message.partition() or 0, message.offset() or 0
            if message.error() is None:
                yield message
                offset += 1
            if partition in ends and offset >= ends[partition]:
                del ends[partition]
    consumer.close()


def _admin(bootstrap_servers: str) -> AdminClient:
    # A new one each time: after a broker's restart an old one may wait for ever for a coordinator
    # it believes to know (librdkafka #5511).
    return AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 2})
