"""The tasks: one record of ``replay-tasks`` for each chunk."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from confluent_kafka.admin import AdminClient

from broker.groups import committed
from broker.log import log_starts, partitions_of, read_to_end
from broker.settings import KafkaSettings
from ledger.records import Interval, UnreadableLedgerError
from ledger.writer import Companion


@dataclass(frozen=True, slots=True)
class Task:
    """One chunk of one replay. ``canary``: it is one of those that come before the others."""

    replay_id: str
    chunk: Interval
    canary: bool = False


def encode_task(task: Task) -> bytes:
    """The task as it stands on ``replay-tasks``."""
    fields = {
        "replay_id": task.replay_id,
        "source_partition": task.chunk.partition,
        "from_offset": task.chunk.from_offset,
        "to_offset": task.chunk.to_offset,
    }
    canary = {"canary": True} if task.canary else {}
    return msgspec.json.encode(fields | canary)


def decode_task(value: bytes | None) -> Task:
    """Read a task; unknown fields are ignored.

    Raises:
        UnreadableLedgerError: it is none of ours.
    """
    try:
        fields = json.loads(value or b"")
        chunk = Interval(
            int(fields["source_partition"]), int(fields["from_offset"]), int(fields["to_offset"])
        )
        return Task(str(fields["replay_id"]), chunk, bool(fields.get("canary", False)))
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableLedgerError(
            f"a record of replay-tasks cannot be read ({error!r}); "
            "is this version of creneau older than the one that wrote it?"
        ) from error


def spread(
    topic: str, partitions: int, replay_id: str, chunks: Sequence[Interval], canary: int = 0
) -> list[Companion]:
    """The tasks over the task partitions in turn, so that each executor begins with the newest.

    ``canary``: the first so many are the canary's.
    """
    return [
        Companion(topic, place % partitions, encode_task(Task(replay_id, chunk, place < canary)))
        for place, chunk in enumerate(chunks)
    ]


def uncommitted_tasks(
    kafka: KafkaSettings, admin: AdminClient, *, require_stable: bool = True
) -> list[Task]:
    """The tasks that the executor group has not committed yet; stable: none is about to be."""
    topic = kafka.names.replay_tasks
    partitions = partitions_of(admin, topic)
    starts = log_starts(admin, topic, partitions)
    answers = committed(
        admin, kafka.names.executor_group, topic, partitions, require_stable=require_stable
    )
    for partition, answer in answers.items():
        starts[partition] = max(starts[partition], answer.offset or 0)
    return [
        decode_task(message.value())
        for message in read_to_end(kafka, topic, partitions=partitions, starts=starts)
    ]
