"""The exactly-once worker: consume, score, and commit outcomes, runs and offsets together.

One thread. It polls only between transactions, so that no callback of the group ever finds one
open. The rules are those of protocol.md, "Live scoring".
"""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version

import structlog

from broker.clients import new_consumer
from broker.consuming import MembershipLost
from broker.recycling import Recycling
from broker.session import SessionLost, TransactionAborted, TransactionalSession
from broker.settings import KafkaSettings
from broker.topic_specs import DEAD_LETTER_ROOM, SOURCE_MESSAGE_BYTES
from consumer import standing, transaction
from consumer.assignment import Assignment
from consumer.batch_size import BatchSize
from consumer.dead_letter_limit import DeadLetterLimit
from consumer.errors import DeadLetterLimitReachedError
from consumer.meters import Meters
from consumer.model_in_force import Load, ModelInForce, Stamp
from consumer.open_runs import Counted, advance
from consumer.outcomes import Outcomes, Provenance, outcomes
from consumer.placing import GroupPlacing
from consumer.report import Report
from consumer.settings import WorkerSettings
from consumer.source import Batch, Source
from ledger.reader import LedgerReader

_LOG = structlog.get_logger()

REPORT_SECONDS = 1.0


class Worker:
    """One worker process' work.

    ``instance`` names its transactional id, ``index`` is its number on this machine. ``load``
    brings a model. ``report`` is called once a second.

    Raises (from ``run``):
        DeadLetterLimitReachedError: nearly everything is refused; nothing more was written.
        UnavailableError: something a new process may find mended.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        settings: WorkerSettings,
        *,
        instance: str,
        index: int = 0,
        load: Load,
        report: Callable[[Report], None] = lambda _: None,
    ) -> None:
        self._kafka = kafka
        self._names = kafka.names
        self._settings = settings
        self._instance = instance
        self._report = report
        self._distribution = version("creneau")
        self._stopping = False
        self._reported = 0.0
        self._looked_again = 0.0
        self._meters = Meters()
        self._size = BatchSize.starting(settings.batch_max_events, settings.batch_target_seconds)
        self._limit = DeadLetterLimit(settings.dead_letter_ratio, settings.dead_letter_run)
        self._ledger = LedgerReader(kafka)
        self._models = ModelInForce(
            load, revoked_grace=settings.revoked_grace_seconds, retry=settings.model_retry_seconds
        )
        self._recycling = Recycling(self._new_session)
        self._session = self._new_session()
        self._consumer = new_consumer(
            kafka,
            group_id=self._names.worker_group,
            enable_partition_eof=True,
            queued_max_messages_kbytes=settings.queue_kbytes,
            **settings.group_properties(index),
        )
        self._assignment = Assignment(
            self._consumer,
            self._names.slot_created,
            GroupPlacing(kafka, accept_lost=settings.accept_lost),
            lambda: self._ledger.read_to_end().epoch,
        )
        self._source = Source(self._consumer, self._assignment, kafka.bootstrap_servers)

    def stop(self) -> None:
        """Finish the batch, leave the group, return from ``run``. Callable from a signal."""
        self._stopping = True

    def run(self) -> None:
        """Work until ``stop``."""
        try:
            self._ledger.read_to_end()
            self._assignment.subscribe()
            while not self._stopping:
                self._guarded_turn()
            self._source.drain()
            _LOG.info("worker drained", instance=self._instance)
        finally:
            self._session.close()
            self._ledger.close()

    def _guarded_turn(self) -> None:
        try:
            self._turn()
        except MembershipLost:
            _LOG.warning("the group has put this worker out; joining again")
            self._source.rewind()
        except TransactionAborted as aborted:
            self._meters.counts.aborted += 1
            _LOG.warning("transaction aborted, going back to what is committed", why=str(aborted))
            self._source.rewind()
        except SessionLost as lost:
            self._recycle(lost)

    def _turn(self) -> None:
        stamp = self._models.follow(self._ledger.poll())
        self._acknowledge(stamp)
        self._assignment.let_flow(stamp.epoch if stamp.engine is not None else None)
        batch = self._source.take(self._size.size)
        if batch is not None:
            self._score(stamp, batch)
        elif stamp.engine is not None:
            self._pass_markers(stamp)
        self._look_again()
        self._report_now_and_then(stamp)

    def _acknowledge(self, stamp: Stamp) -> None:
        """Partitions that are behind the stamp's epoch learn of it, events or not."""
        if stamp.epoch is None:
            return
        behind = self._assignment.acknowledging(stamp.epoch)
        if behind:
            self._commit(stamp.epoch, dict.fromkeys(behind), self._source.membership())

    def _pass_markers(self, stamp: Stamp) -> None:
        """Idle partitions go past the transaction markers at their ends."""
        ends = self._source.idle_ends(self._settings.idle_commit_seconds)
        if ends and stamp.epoch is not None:
            counted = {partition: Counted(end) for partition, end in ends.items()}
            self._commit(stamp.epoch, counted, self._source.membership())

    def _score(self, stamp: Stamp, batch: Batch) -> None:
        assert stamp.engine is not None
        assert stamp.epoch is not None
        assert stamp.version is not None
        started = time.monotonic()
        provenance = Provenance(
            topic=self._names.slot_created,
            epoch=stamp.epoch,
            model_version=stamp.version,
            scored_at=datetime.now(UTC),
            distribution=self._distribution,
        )
        result = outcomes(stamp.engine, batch.messages, provenance)
        self._respect_limit(len(batch.messages), result)
        self._commit(stamp.epoch, result.counted, batch.group_metadata, result)
        self._limit.count(len(batch.messages), len(result.dead_letters))
        self._meters.committed(batch.messages, result)
        self._size = self._size.after(len(batch.messages), time.monotonic() - started)

    def _respect_limit(self, events: int, result: Outcomes) -> None:
        if not self._limit.reached_by(events, len(result.dead_letters)):
            return
        code = result.codes.most_common(1)[0][0] if result.codes else "?"
        raise DeadLetterLimitReachedError(
            f"{len(result.dead_letters)} of the last {events} events were refused (most: {code}; "
            f"first {result.example}): stopped before more went to the dead letters; look at what "
            "the slot app publishes (creneau dead list), or set worker.dead_letter_run = 0 to let "
            "them pass"
        )

    def _commit(
        self,
        epoch: int,
        counted: Mapping[int, Counted | None],
        group_metadata: object,
        result: Outcomes | None = None,
    ) -> None:
        """One transaction over the partitions of ``counted`` (None: acknowledge only)."""
        positions = self._assignment.positions
        state = self._ledger.state
        advances = {}
        for partition, count in counted.items():
            run = positions[partition].run
            closing = state.in_force_at_epoch(run.epoch) if run is not None else None
            advances[partition] = advance(
                partition, positions[partition], epoch, closing_version=closing, counted=count
            )
        transaction.commit(self._session, self._names, advances, group_metadata, result)
        self._recycling.proved()
        for partition, step in advances.items():
            self._assignment.moved_to(partition, step.position)

    def _recycle(self, lost: SessionLost) -> None:
        self._meters.counts.sessions_lost += 1
        self._session = self._recycling.after(lost, self._session.transactional_id)
        self._source.rewind()

    def _new_session(self) -> TransactionalSession:
        return TransactionalSession(
            self._kafka,
            self._names.worker_transactional_id(self._instance),
            # A dead letter is as large as its event, and has more headers.
            message_max_bytes=SOURCE_MESSAGE_BYTES + DEAD_LETTER_ROOM,
        )

    def _look_again(self) -> None:
        """Partitions that wait for a person are placed anew now and then."""
        now = time.monotonic()
        if now < self._looked_again + self._settings.placing_retry_seconds:
            return
        self._looked_again = now
        if problems := self._assignment.problems:
            self._assignment.rewind(problems)

    def _report_now_and_then(self, stamp: Stamp) -> None:
        now = time.monotonic()
        if now >= self._reported + REPORT_SECONDS:
            self._reported = now
            self._report(
                standing.report(
                    self._instance,
                    stamp,
                    self._assignment,
                    self._consumer,
                    self._names.slot_created,
                    self._meters.counts,
                )
            )
