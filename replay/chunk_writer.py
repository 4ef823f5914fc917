"""Writes chunks: outcomes, run and task offset, visible together or not at all."""

from dataclasses import dataclass
from itertools import repeat

import structlog
from confluent_kafka import TopicPartition

from broker.consuming import MembershipLost
from broker.recycling import Recycling
from broker.session import SessionLost, TransactionAborted, TransactionalSession
from broker.settings import KafkaSettings
from broker.topic_specs import DEAD_LETTER_ROOM, SOURCE_MESSAGE_BYTES
from ledger.runs import encode_run
from replay.chunk import Chunk
from replay.task_queue import TaskQueue
from replay.tasks import Task

_LOG = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Taken:
    """A task, where it stands, and who we were in the group when it was taken."""

    task: Task
    place: TopicPartition
    group_metadata: object


@dataclass(frozen=True, slots=True)
class Scored:
    """A task with its outcomes, which nobody else can see yet."""

    taken: Taken
    chunk: Chunk


class ChunkWriter:
    """The executor's transactions. ``instance`` is its own among all executors of the cluster."""

    def __init__(self, kafka: KafkaSettings, queue: TaskQueue, instance: str) -> None:
        self._kafka = kafka
        self._queue = queue
        self._instance = instance
        self._recycling = Recycling(self._new_session)
        self._session = self._new_session()

    def write(self, chunk: Chunk, taken: Taken) -> bool:
        """The chunk's one transaction; False: nothing of it is known to have been committed."""
        try:
            self._session.begin()
            self._produce(chunk)
            self._commit(taken.place, taken.group_metadata)
        except TransactionAborted as aborted:
            _LOG.info("chunk aborted, taking it again", why=str(aborted))
        except SessionLost as lost:
            self._recycle(lost)
        else:
            return True
        return False

    def commit_skipped(self) -> None:
        """Commit the offsets of tasks that needed nothing."""
        if not self._queue.offsets():
            return
        try:
            group_metadata = self._queue.group_metadata()
            self._session.begin()
            self._commit(None, group_metadata)
        except MembershipLost:
            _LOG.info("skipped tasks not committed: the group has put this executor out")
        except TransactionAborted as aborted:
            _LOG.info("skipped tasks not committed, trying again", why=str(aborted))
        except SessionLost as lost:
            self._recycle(lost)

    def close(self) -> None:
        """Abort what is open and let the producer go."""
        self._session.close()

    def _produce(self, chunk: Chunk) -> None:
        names, partition = self._kafka.names, chunk.interval.partition
        self._session.produce_all(
            names.slot_probability, repeat(partition), chunk.outputs.keys, chunk.outputs.values
        )
        for letter in chunk.dead_letters:
            self._session.produce(
                names.dead_letters,
                partition,
                key=letter.key,
                value=letter.value,
                headers=letter.headers,
            )
        self._session.produce(names.scoring_runs, 0, key=None, value=encode_run(chunk.run()))

    def _commit(self, place: TopicPartition | None, group_metadata: object) -> None:
        self._session.send_offsets(self._queue.offsets(place), group_metadata)
        self._session.commit()
        self._queue.committed()
        self._recycling.proved()

    def _recycle(self, lost: SessionLost) -> None:
        self._session = self._recycling.after(lost, self._session.transactional_id)

    def _new_session(self) -> TransactionalSession:
        return TransactionalSession(
            self._kafka,
            self._kafka.names.executor_transactional_id(self._instance),
            message_max_bytes=SOURCE_MESSAGE_BYTES + DEAD_LETTER_ROOM,
        )
