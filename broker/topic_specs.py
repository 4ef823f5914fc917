"""The six topics as they should be (the table "Topics" of the names page)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from broker.names import Names
from producer_contract.topics import PARTITIONS

DAY_MS: Final = 24 * 60 * 60 * 1000
FOR_EVER: Final = "-1"
SOURCE_MESSAGE_BYTES: Final = 1_048_588
"""Kafka's own default, written down: a dead letter has to hold the whole of a source record."""
DEAD_LETTER_ROOM: Final = 64 * 1024
"""What a dead letter may be larger than its source record, for our headers."""
LEDGER_MESSAGE_BYTES: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A topic as it is created: ``settings`` are topic configs, as strings."""

    name: str
    partitions: int
    settings: Mapping[str, str]


def topic_specs(names: Names, partitions: int = PARTITIONS, brokers: int = 1) -> list[TopicSpec]:
    """The six topics, in the order in which they are created and grown.

    Outputs and dead letters come before the source: whatever can be read can then be answered on
    the same partition number.

    Args:
        partitions: of the source, and so of the outputs and dead letters.
        brokers: how many the cluster has; from three on, two copies must acknowledge.
    """
    safe = {"min.insync.replicas": "2"} if brokers >= 3 else {}

    def spec(name: str, count: int, retention_ms: str, message_bytes: int) -> TopicSpec:
        settings = {
            "cleanup.policy": "delete",
            "retention.ms": retention_ms,
            "retention.bytes": FOR_EVER,
            "max.message.bytes": str(message_bytes),
        }
        return TopicSpec(name, count, MappingProxyType(settings | safe))

    month, quarter = str(30 * DAY_MS), str(90 * DAY_MS)
    dead_bytes = SOURCE_MESSAGE_BYTES + DEAD_LETTER_ROOM
    return [
        spec(names.model_ledger, 1, FOR_EVER, LEDGER_MESSAGE_BYTES),
        spec(names.scoring_runs, 1, FOR_EVER, SOURCE_MESSAGE_BYTES),
        spec(names.replay_tasks, PARTITIONS, month, SOURCE_MESSAGE_BYTES),
        spec(names.slot_probability, partitions, month, SOURCE_MESSAGE_BYTES),
        spec(names.dead_letters, partitions, quarter, dead_bytes),
        spec(names.slot_created, partitions, month, SOURCE_MESSAGE_BYTES),
    ]


def replication_factor(brokers: int) -> int:
    """Three copies where the cluster has three brokers, one elsewhere."""
    return 3 if brokers >= 3 else 1


def count_partitions(count: int) -> str:
    """``1 partition``, ``8 partitions``."""
    return f"{count} partition" if count == 1 else f"{count} partitions"
