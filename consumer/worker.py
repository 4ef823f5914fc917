"""The exactly-once worker: consume, score, and commit outcomes, runs and offsets together.

It polls only between transactions, so that no callback of the group ever finds one open. While a
transaction is being committed, which is mostly waiting, a second thread makes the outcomes of the
batch that was taken before it began; nothing else happens there. The rules are those of
protocol.md, "Live scoring".
"""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
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
from consumer.made import Made, make
from consumer.meters import Meters
from consumer.model_in_force import Load, ModelInForce, Stamp
from consumer.open_runs import Counted, advance
from consumer.outcomes import Outcomes
from consumer.placing import GroupPlacing
from consumer.report import Report
from consumer.settings import WorkerSettings
from consumer.source import POLL_SECONDS, Batch, Source
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
        self._making = ThreadPoolExecutor(1, thread_name_prefix="making")
        self._made: Made | None = None

    def stop(self) -> None:
        """Finish the batch, leave the group, return from ``run``. Callable from a signal."""
        self._stopping = True

    def run(self) -> None:
        """Work until ``stop``."""
        try:
            self._ledger.read_to_end()
            self._assignment.subscribe()
            while not self._stopping or self._made is not None:
                self._guarded_turn()
            self._source.drain()
            _LOG.info("worker drained", instance=self._instance)
        finally:
            self._making.shutdown()
            self._session.close()
            self._ledger.close()

    def _guarded_turn(self) -> None:
        try:
            self._turn()
        except MembershipLost:
            _LOG.warning("the group has put this worker out; joining again")
            self._rewind()
        except TransactionAborted as aborted:
            self._meters.counts.aborted += 1
            _LOG.warning("transaction aborted, going back to what is committed", why=str(aborted))
            self._rewind()
        except SessionLost as lost:
            self._recycle(lost)

    def _turn(self) -> None:
        stamp = self._models.follow(self._ledger.poll())
        self._acknowledge(stamp)
        self._assignment.let_flow(stamp.epoch if stamp.engine is not None else None)
        made = self._made
        batch = None
        if not self._stopping:
            # What is made need not wait for what comes next.
            batch = self._source.take(self._size.size, POLL_SECONDS if made is None else 0.0)
        if made is not None and made.batch.changes != self._assignment.changes:
            # Its partitions may be another's by now.
            self._rewind()
        elif stamp.engine is None:
            if made is not None or batch is not None:
                self._rewind()
        elif made is not None:
            self._commit_made(made if made.stamp == stamp else self._make(stamp, made.batch), batch)
        elif batch is not None:
            self._made = self._make(stamp, batch)
        else:
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

    def _make(self, stamp: Stamp, batch: Batch) -> Made:
        return make(stamp, batch, topic=self._names.slot_created, distribution=self._distribution)

    def _commit_made(self, made: Made, following: Batch | None) -> None:
        """Commit what is made, and make the following batch's outcomes meanwhile."""
        self._made = None
        assert made.stamp.epoch is not None
        events, result = len(made.batch.messages), made.outcomes
        self._respect_limit(events, result)
        started = time.monotonic()
        next_made = self._making.submit(self._make, made.stamp, following) if following else None
        try:
            self._commit(made.stamp.epoch, result.counted, made.batch.group_metadata, result)
            committing = time.monotonic() - started
            self._limit.count(events, len(result.dead_letters))
            self._meters.committed(made.batch.messages, result)
        finally:
            # Whatever became of this one: that thread is not at work when anything else is.
            if next_made is not None:
                wait([next_made])
        self._size = self._size.after(events, made.seconds + committing)
        self._made = next_made.result() if next_made is not None else None

    def _rewind(self) -> None:
        """Everything that is not committed will be taken again."""
        self._made = None
        self._source.rewind()

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
        self._rewind()

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
