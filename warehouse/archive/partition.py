"""One partition that this process archives: what is gathered, and what is being loaded."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from broker.backoff import Backoff
from broker.records import SourceRecord
from warehouse.archive.batch import Batch
from warehouse.archive.budget import Budget, Cost
from warehouse.archive.loading import Outcome
from warehouse.archive.plan import Plan, Spent, Standing
from warehouse.archive.rows import MakeRow

RETRY_LONGEST = 600.0


@dataclass(frozen=True, slots=True)
class ArchivedTopic:
    """A topic and the table that it goes to.

    ``topic`` is its name on the cluster, ``name`` the one without a prefix, ``id`` the cluster's,
    another one if it is made anew; ``of`` sets its jobs apart from other installations' (see
    ``job_ids``).
    """

    topic: str
    name: str
    table: str
    make: MakeRow
    id: str
    of: str


class Partition:
    """Gathers records from where it stands, one batch at a time.

    ``committed``: the group's offset. ``problem``: a person has to act before it goes on, or, where
    it ``passes``, only time, after which it is placed anew.
    ``trouble``: what failed last, and is tried again.
    """

    def __init__(
        self,
        topic: ArchivedTopic,
        number: int,
        standing: Standing,
        budget: Budget,
        *,
        committed: int,
        problem: str | None = None,
        passes: bool = False,
        most_bytes: int,
        why: str = "",
    ) -> None:
        self.topic = topic
        self.number = number
        self.standing = standing
        self.budget = budget
        self.committed = committed
        self.problem = problem
        self.next_plan: Plan | None = None
        self.loading: Future[Outcome] | None = None
        self.failures = 0
        self.trouble: str | None = None
        self._most_bytes = most_bytes
        self._retry_at = 0.0
        self._passes = passes
        self._placed_at = time.monotonic()
        self.gather_anew(why)

    def gather_anew(self, why: str = "") -> None:
        """From the standing again; the position has to be set back too."""
        self.position = max(self.standing.offset, self.standing.since)
        self._moved_at = time.monotonic()
        self._first_at: float | None = None
        self.must_seek = False
        self.batch = Batch(
            self.topic.name,
            self.topic.make,
            self.standing.since,
            topic_id=self.topic.id,
            plan=self.standing.plan,
            most_days=self.budget.most_days,
            most_bytes=self._most_bytes,
            why=why,
        )

    @property
    def name(self) -> str:
        return f"{self.topic.topic}[{self.number}]"

    @property
    def end(self) -> int | None:
        """Where the batch has to end, if that is known already."""
        plan = self.standing.plan
        return plan.end if plan is not None else self.standing.limit

    @property
    def gathers(self) -> bool:
        """Whether it takes records now."""
        if self.problem is not None or self.loading is not None or self.next_plan is not None:
            return False
        return not self.batch.full and (self.end is None or self.position < self.end)

    def take(self, record: SourceRecord) -> None:
        """The next record of the log, from the position on.

        What cannot be taken now is left out, and has to be read again (``must_seek``).
        """
        if record.offset < self.position or self.must_seek:
            return
        if not self.gathers:
            self.must_seek = True
        elif self.end is not None and record.offset >= self.end:
            self.position, self.must_seek = self.end, True
        elif not self.batch.add(record):
            self.position, self.must_seek = record.offset, True
        else:
            self.position = record.offset + 1
            self._moved_at = time.monotonic()
            self._first_at = self._first_at or self._moved_at

    def read_to(self, end: int) -> None:
        """The log holds no record between the position and ``end``."""
        if self.gathers and not self.must_seek and end > self.position:
            self.position = end if self.end is None else min(end, self.end)
            self._moved_at = time.monotonic()

    def to_be_placed_anew(self, seconds: float) -> bool:
        """Whether its problem may be over, so long after it was met."""
        return self._passes and time.monotonic() >= self._placed_at + seconds

    def idle_for(self, seconds: float) -> bool:
        """Whether there is nothing but markers (or what is archived) to pass, and for a while."""
        if self.problem is not None or self.standing.plan is not None or len(self.batch):
            return False
        long = not self.gathers or time.monotonic() - self._moved_at > seconds
        return long and self.position > self.committed

    def due(self, batch_seconds: float) -> bool:
        """Whether there is something to load now, the budget and earlier failures aside."""
        if self.problem is not None or self.loading is not None:
            return False
        if time.monotonic() < self._retry_at:
            return False
        if self.next_plan is not None:
            return True
        if self.standing.plan is not None:
            return self.position >= self.standing.plan.end
        if not len(self.batch):
            return False
        return self.batch.full or not self.gathers or self.waited() >= batch_seconds

    def waited(self) -> float:
        """How long (seconds) the oldest record of the batch has been waiting to be loaded."""
        return 0.0 if self._first_at is None else time.monotonic() - self._first_at

    def to_plan(self) -> Plan:
        """What is to be committed next: a plan for the batch, or what follows on a failed one."""
        if self.next_plan is not None:
            return self.next_plan
        start, end = self.standing.since, self.position
        return Plan(start, end, tuple(self.batch.refused_within(end)))

    def cost(self) -> Cost:
        """What carrying out ``to_plan`` costs; asked all the time, so without making the plan."""
        again, plan = self.standing.plan, self.next_plan
        loaded = bool(plan.loaded if plan is not None else len(self.batch.good))
        refused = bool(plan.refused if plan is not None else len(self.batch.bad))
        main_is_done = (
            again is not None and plan is not None and again.refused_attempt != plan.refused_attempt
        )
        main = loaded and not main_is_done
        return Cost(main, len(self.batch.days) if main else 0, refused)

    def spend(self, now: float) -> Spent:
        """What is spent once ``to_plan`` is carried out."""
        return self.budget.spend(self.standing.spent, self.cost(), now)

    def affordable_at(self) -> float:
        """From when on the budget allows for ``to_plan`` (seconds since 1970)."""
        return self.budget.ready_at(self.standing.spent, self.cost())

    def budget_wait(self, now: float) -> float:
        """For how many seconds the budget does not allow for what is gathered, or for what follows
        on a failed job; 0 also where that is paid for."""
        if self.standing.plan is not None and self.next_plan is None:
            return 0.0
        return max(0.0, self.affordable_at() - now)

    def load(self, work: Callable[[], Outcome]) -> None:
        """Carry out the committed plan in a thread, which is left alone when nobody asks any more.

        It may outlive our ownership of the partition: whoever owns it then sends the same job.
        """
        future: Future[Outcome] = Future()

        def run() -> None:
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)

        self.loading = future
        threading.Thread(target=run, daemon=True, name=f"load-{self.name}").start()

    def failed(self, why: str, retry_seconds: float) -> None:
        """The job failed, or BigQuery does not answer: wait, longer each time."""
        self.failures += 1
        self.trouble = why
        delay = Backoff(first=retry_seconds, longest=RETRY_LONGEST).delay(self.failures)
        self._retry_at = time.monotonic() + delay

    def succeeded(self) -> None:
        self.failures = 0
        self.trouble = None
        self._retry_at = 0.0
