"""The archive's loop: gather, plan, load, move on. One thread; jobs are waited for in others."""

import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Final

import structlog
from confluent_kafka import Message, TopicPartition

from broker.consuming import MembershipLost
from broker.messages import headers_of, place
from broker.records import SourceRecord
from broker.session import TransactionAborted, TransactionalSession
from broker.settings import KafkaSettings
from producer_contract.errors import UnavailableError
from warehouse.archive.jobs import Jobs, State
from warehouse.archive.loading import Outcome, carry_out
from warehouse.archive.membership import Key, Membership
from warehouse.archive.partition import Partition
from warehouse.archive.placing import Ranges
from warehouse.archive.plan import Standing, encode
from warehouse.archive.recovery import next_plan, sooner_decided
from warehouse.archive.report import Report
from warehouse.archive.reporter import Reporter
from warehouse.archive.settings import ArchiveSettings
from warehouse.archive.taking_over import TakingOver, refused_by_bigquery
from warehouse.archive.targets import Targets

_LOG = structlog.get_logger()

DRAIN_SECONDS: Final = 20.0

MOST_REFUSED_IN_A_ROW: Final = 10
"""More rows of a table refused by BigQuery without one loaded between: is it the table? Yes, where
a job has no row left that is not refused."""


class EverythingRefusedError(UnavailableError):
    """BigQuery refuses row after row: a person has to look at the table."""


class Archiver:
    """One archive process' work.

    ``instance`` names its transactional id. ``ranges`` asks the warehouse what it has. ``report``
    is called once a second.

    Raises (from ``run``):
        EverythingRefusedError: somebody has to act.
        UnavailableError, SessionLost: a new process may find it mended.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        settings: ArchiveSettings,
        *,
        instance: str,
        jobs: Jobs,
        targets: Targets,
        ranges: Ranges,
        report: Callable[[Report], None] = lambda _: None,
    ) -> None:
        self._kafka = kafka
        self._settings = settings
        self._instance = instance
        self._jobs = jobs
        self._topics = targets.topics
        self._reporter = Reporter(kafka, instance, self._topics, report)
        self._counts = self._reporter.counts
        self._stopping = False
        self._refused_in_a_row: Counter[str] = Counter()
        self._taking_over = TakingOver(kafka, settings, self._topics, jobs=jobs, ranges=ranges)
        self._session = TransactionalSession(kafka, kafka.names.archive_transactional_id(instance))
        self._membership = Membership(kafka, settings, self._topics, self._place)

    def stop(self) -> None:
        """Finish the jobs under way, leave the group, return from ``run``. For signal handlers."""
        self._stopping = True

    def run(self) -> None:
        """Work until ``stop``."""
        try:
            self._membership.subscribe()
            while not self._stopping:
                self._turn()
            self._drain()
            _LOG.info("archive drained", instance=self._instance)
        finally:
            self._session.close()
            self._membership.leave()

    def _turn(self, *, only_finish: bool = False) -> None:
        try:
            for message in self._membership.take():
                self._take(message)
            for one in list(self._membership.partitions.values()):
                self._advance(one, only_finish)
            self._membership.hold()
            self._taking_over.renew_shares(self._membership.partitions.values())
        except MembershipLost:
            _LOG.warning("the group has put this process out; joining again")
        except TransactionAborted as aborted:
            # Most often the group has moved on; where we still own the partition, its standing is
            # the one before, and the same is tried again.
            _LOG.warning("offsets were not committed", why=str(aborted))
        self._reporter.now_and_then(self._membership)

    def _take(self, message: Message) -> None:
        number, offset = place(message)
        one = self._membership.partitions.get((message.topic() or "", number))
        if one is None:
            return
        if message.error() is not None:
            one.read_to(offset)
            return
        one.take(
            SourceRecord(
                number,
                offset,
                message.timestamp()[1],
                message.key(),
                message.value(),
                headers_of(message),
            )
        )

    def _advance(self, one: Partition, only_finish: bool) -> None:
        if one.loading is not None:
            if one.loading.done():
                self._loaded(one)
        elif only_finish:
            return
        elif one.to_be_placed_anew(self._settings.retry_seconds):
            self._place_anew(one)
        elif one.idle_for(self._settings.idle_commit_seconds):
            self._commit(one, one.standing.idle_at(one.position))
            if one.standing.at_its_limit:
                self._gather_next(one)
        elif one.due(self._settings.batch_seconds) and self._loads() < self._settings.loads_at_once:
            self._load(one)

    def _loads(self) -> int:
        return sum(one.loading is not None for one in self._membership.partitions.values())

    def _load(self, one: Partition) -> None:
        before = one.standing.plan
        if before is None or one.next_plan is not None:
            now = time.time()
            if one.affordable_at() > now:
                return
            plan = one.to_plan()
            self._commit(one, one.standing.planning(plan, one.spend(now)))
            one.next_plan = None
            if before is not None and (plan.end, plan.refused) != (before.end, before.refused):
                self._gather_anew(one)
                return
        assert one.standing.plan is not None
        topic, plan = one.topic, one.standing.plan
        what = (topic.table, one.number, plan, topic.of, one.batch)
        one.load(partial(carry_out, self._jobs, *what, seconds=self._settings.job_seconds))

    def _loaded(self, one: Partition) -> None:
        future, one.loading = one.loading, None
        assert future is not None
        assert one.standing.plan is not None
        try:
            outcome = future.result()
        except UnavailableError as error:
            _LOG.warning("not known to be loaded", partition=one.name, why=str(error))
            one.failed(str(error), self._settings.retry_seconds)
            return
        if outcome.job.state is State.DONE:
            self._done(one)
        else:
            self._failed(one, outcome)

    def _done(self, one: Partition) -> None:
        assert one.standing.plan is not None
        table, plan = one.topic.table, one.standing.plan
        rows, refused, days = len(one.batch.good), len(one.batch.bad), len(one.batch.days)
        self._commit(one, one.standing.past())
        self._counts.count("jobs_done", table, bool(rows) + bool(refused))
        self._counts.count("rows", table, rows)
        self._counts.count("refused", table, refused)
        self._counts.count("modifications", table, days)
        if rows:
            self._refused_in_a_row[table] = 0
        _LOG.info("archived", partition=one.name, start=plan.start, end=plan.end, rows=rows)
        one.succeeded()
        self._gather_next(one)

    def _failed(self, one: Partition, outcome: Outcome) -> None:
        assert one.standing.plan is not None
        why = (outcome.job.messages or ("no reason given",))[0]
        _LOG.warning("load job failed", partition=one.name, plan=str(one.standing.plan), why=why)
        self._counts.count("jobs_failed", one.topic.table, 1)
        one.next_plan, culprits = next_plan(
            one.standing.plan, outcome, one.batch.good, one.batch.bad
        )
        self._refused_in_a_row[one.topic.table] += len(culprits)
        if culprits and self._refused_in_a_row[one.topic.table] > MOST_REFUSED_IN_A_ROW:
            if len(culprits) == len(one.batch.good):
                raise EverythingRefusedError(
                    f"BigQuery refuses row after row of table {one.topic.table}, now those of "
                    f"{one.name} from offset {one.batch.good[0]} on (last: {why}); creneau "
                    "warehouse check says how the table differs; where it does not, the rows are "
                    f"bad, and each new start of the archive passes {MOST_REFUSED_IN_A_ROW} of them"
                )
            one.next_plan = sooner_decided(one.next_plan, one.batch.good, culprits)
        if outcome.job.state is State.ROWS_REFUSED and not outcome.of_refused:
            one.trouble = why
        else:
            one.failed(why, self._settings.retry_seconds)

    def _gather_next(self, one: Partition) -> None:
        """Behind what is committed."""
        if not one.standing.at_its_limit:
            self._gather_anew(one, seek=one.must_seek)
        else:
            self._place_anew(one)

    def _place_anew(self, one: Partition) -> None:
        one.batch.close()
        placed = self._place([(one.topic.topic, one.number)])
        self._membership.partitions |= placed
        self._membership.seek_back(placed.values())

    def _gather_anew(self, one: Partition, *, seek: bool = True) -> None:
        one.batch.close()
        one.gather_anew(refused_by_bigquery(one.trouble))
        if seek:
            self._membership.seek_back([one])

    def _commit(self, one: Partition, standing: Standing) -> None:
        """Commit the standing as the partition's offset and metadata, as a member of the group.

        Raises:
            MembershipLost, TransactionAborted: the partition is somebody else's by now.
            SessionLost: nobody knows; a new process reads what is so.
        """
        offset = TopicPartition(
            one.topic.topic, one.number, standing.offset, metadata=encode(standing)
        )
        metadata = self._membership.group_metadata()
        self._session.begin()
        self._session.send_offsets([offset], metadata)
        self._session.commit()
        one.standing, one.committed = standing, standing.offset

    def _place(self, keys: list[Key]) -> dict[Key, Partition]:
        return self._taking_over(keys, self._membership.partitions.values())

    def _drain(self) -> None:
        deadline = time.monotonic() + DRAIN_SECONDS
        while self._loads() and time.monotonic() < deadline:
            self._turn(only_finish=True)
