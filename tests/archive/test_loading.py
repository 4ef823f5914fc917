"""Carrying out plans: repeated, failed, refused. BigQuery is pretended, the rest is real."""

from collections.abc import Callable, Sequence
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.records import SourceRecord
from producer_contract.errors import UnavailableError
from tests.archive.pretend import PretendJobs, Row
from tests.consumer.world import slot
from warehouse.archive import loading
from warehouse.archive.batch import Batch
from warehouse.archive.jobs import Job, State, StillRunningError
from warehouse.archive.loading import Outcome, is_done, void, why_refused
from warehouse.archive.plan import Plan
from warehouse.archive.recovery import next_plan
from warehouse.archive.rows import slot_event

carry_out = partial(loading.carry_out, seconds=20)

LATE = 10**15
"""Milliseconds since 1970 that no calendar has."""


def record(offset: int, timestamp_ms: int = 1_790_000_000_000) -> SourceRecord:
    key, value = slot(offset)
    return SourceRecord(0, offset, timestamp_ms, key, value)


def batch_of(
    records: Sequence[SourceRecord], start: int, plan: Plan | None = None, why: str = ""
) -> Batch:
    batch = Batch(
        "slot-created",
        slot_event,
        start,
        topic_id="id",
        plan=plan,
        most_days=100,
        most_bytes=10**9,
        why=why,
    )
    for one in records:
        if plan is None or one.offset < plan.end:
            assert batch.add(one)
    return batch


def load(
    jobs: PretendJobs, records: Sequence[SourceRecord], end: int, plan: Plan | None = None
) -> int:
    """Archive ``[0, end)`` to its end, as the archiver does; how many jobs it took."""
    start, failed = 0, 0
    while start < end:
        batch = batch_of([one for one in records if one.offset >= start], start, plan)
        plan = plan or Plan(start, end, tuple(batch.refused_within(end)))
        outcome = carry_out(jobs, "slot_events", 0, plan, "x", batch)
        if outcome.job.state is State.DONE:
            start, plan = plan.end, None
        else:
            plan, _ = next_plan(plan, outcome, batch.good, batch.bad)
            failed += 1
        assert failed < 200
    return len(jobs.jobs)


def loaded(jobs: PretendJobs) -> list[int]:
    return sorted(row["source_offset"] for row in jobs.tables.get("slot_events", []))


def refused(jobs: PretendJobs) -> list[int]:
    return sorted(row["log_offset"] for row in jobs.tables.get("archive_refused", []))


def is_in(bad: set[int]) -> Callable[[Row], bool]:
    return lambda row: row.get("source_offset") in bad


def test_a_plan_carried_out_twice_is_one_job() -> None:
    jobs = PretendJobs()
    records = [record(offset) for offset in range(0, 20, 2)]
    plan = Plan(0, 20)
    for _ in range(2):
        assert carry_out(jobs, "slot_events", 0, plan, "x", batch_of(records, 0)) == Outcome(
            jobs.jobs["creneau-slot_events-0-0-20-1-x"]
        )
    assert loaded(jobs) == list(range(0, 20, 2))


def test_a_job_whose_answer_was_lost_is_found_again() -> None:
    jobs = PretendJobs(silent=1)
    records = [record(0)]
    with pytest.raises(UnavailableError):
        carry_out(jobs, "slot_events", 0, Plan(0, 1), "x", batch_of(records, 0))
    carry_out(jobs, "slot_events", 0, Plan(0, 1), "x", batch_of(records, 0))
    assert loaded(jobs) == [0]


def test_who_is_overtaken_between_look_and_send_waits_for_the_other_one() -> None:
    class Overtaken(PretendJobs):
        def look(self, job_id: str) -> Job | None:
            found = self.jobs.get(job_id)
            if found is None:
                carry_out(other, "slot_events", 0, Plan(0, 1), "x", batch_of([record(0)], 0))
            return found

    jobs = Overtaken()
    other = PretendJobs(jobs=jobs.jobs, tables=jobs.tables)
    done = carry_out(jobs, "slot_events", 0, Plan(0, 1), "x", batch_of([record(0)], 0))
    assert done.job.state is State.DONE
    assert loaded(jobs) == [0]


def test_a_failed_job_gets_the_next_attempt() -> None:
    jobs = PretendJobs()
    jobs.failures.extend(["backendError", "backendError"])
    load(jobs, [record(0), record(1)], 2)
    assert list(jobs.jobs) == [f"creneau-slot_events-0-0-2-{attempt}-x" for attempt in (1, 2, 3)]
    assert loaded(jobs) == [0, 1]


def test_a_failed_job_of_refused_records_does_not_repeat_the_rows() -> None:
    class FailsThere(PretendJobs):
        def _run(self, table: str, body: bytes) -> Job:
            if table == "archive_refused" and not refused_failed:
                refused_failed.append(True)
                self.failures.append("backendError")
            return super()._run(table, body)

    refused_failed: list[bool] = []
    jobs = FailsThere()
    load(jobs, [record(0), record(1, LATE), record(2)], 3)
    assert loaded(jobs) == [0, 2]
    assert refused(jobs) == [1]
    assert "creneau-archive_refused-slot_events-0-0-3-2-x" in jobs.jobs


@given(
    st.sets(st.integers(0, 39), min_size=1),
    st.sets(st.integers(0, 39)),
    st.sets(st.integers(0, 39)),
    st.booleans(),
)
def test_whatever_is_refused_and_by_whom_nothing_is_lost_and_nothing_is_there_twice(
    there: set[int], ours: set[int], bigquerys: set[int], names_them: bool
) -> None:
    jobs = PretendJobs(is_in(bigquerys), names_them)
    records = [record(o, LATE if o in ours else 1_790_000_000_000) for o in sorted(there)]
    load(jobs, records, 40)
    assert loaded(jobs) == sorted(there - ours - bigquerys)
    assert refused(jobs) == sorted(there & (ours | bigquerys))


@given(st.sets(st.integers(0, 39), min_size=1), st.sets(st.integers(0, 39)))
def test_the_ranges_of_all_rows_vouch_for_the_whole_log(there: set[int], bad: set[int]) -> None:
    jobs = PretendJobs(is_in(bad), names_them=True)
    load(jobs, [record(offset) for offset in sorted(there)], 40)
    rows = [row for table in jobs.tables.values() for row in table]
    assert {o for row in rows for o in range(row["range_from"], row["range_to"])} == set(range(40))
    for row in rows:
        offset = row.get("source_offset", row.get("log_offset"))
        assert row["topic_id"] == "id"
        assert row["range_from"] <= offset < row["range_to"]
        # What vouches for a range stands in one table, in one job: no refused row lies in it.
        others = refused(jobs) if "source_offset" in row else loaded(jobs)
        assert not any(row["range_from"] <= o < row["range_to"] for o in others)


def test_one_bad_row_among_many_costs_few_jobs() -> None:
    records = [record(offset) for offset in range(1_000)]
    assert load(PretendJobs(is_in({500}), names_them=True), records, 1_000) <= 3
    assert load(PretendJobs(is_in({500})), records, 1_000) <= 40


def test_a_batch_is_full_before_its_job_has_too_many_days() -> None:
    batch = Batch("slot-created", slot_event, 0, topic_id="id", most_days=3, most_bytes=10**9)
    day = 86_400_000
    taken = [batch.add(record(n, 1_790_000_000_000 + n // 2 * day)) for n in range(8)]
    assert taken == [True] * 6 + [False] * 2
    assert batch.full
    assert len(batch.days) == 3


def test_a_row_that_another_version_planned_is_sent_for_bigquery_to_refuse() -> None:
    plan = Plan(0, 2)
    jobs = PretendJobs(lambda row: "no_row" in row)
    load(jobs, [record(0), record(1, LATE)], 2, plan)
    assert (loaded(jobs), refused(jobs)) == ([0], [1])


def test_a_job_that_bigquery_took_and_does_not_find_is_no_end() -> None:
    class Forgetful(PretendJobs):
        def look(self, job_id: str) -> Job | None:
            return None

    with pytest.raises(UnavailableError, match="does not find it"):
        carry_out(Forgetful(), "slot_events", 0, Plan(0, 1), "x", batch_of([record(0)], 0))


def test_a_refused_record_has_its_own_reason_though_its_plan_was_anothers() -> None:
    jobs = PretendJobs(is_in({1}), names_them=True)
    records = [record(0), record(1), record(2, LATE)]
    first = Plan(0, 3, ((2, 3),))
    outcome = carry_out(jobs, "slot_events", 0, first, "x", batch_of(records, 0, first))
    plan, culprits = next_plan(first, outcome, [0, 1], [2])
    assert (plan, culprits) == (Plan(0, 3, ((1, 3),), attempt=2), (1,))
    # Another process goes on: it knows the plan, and asks BigQuery why.
    why = why_refused(jobs, "slot_events", 0, plan, "x")
    carry_out(jobs, "slot_events", 0, plan, "x", batch_of(records, 0, plan, why or ""))
    reasons = {row["log_offset"]: row["reason"] for row in jobs.tables["archive_refused"]}
    assert "JSON parsing error" in reasons[1]
    assert "years 1 to 9999" in reasons[2]
    assert why_refused(jobs, "slot_events", 0, Plan(0, 3, ((1, 2),)), "x") is None


class Endless(PretendJobs):
    """BigQuery takes jobs, and runs them until ``ends`` is set."""

    ends = False

    def look(self, job_id: str) -> Job | None:
        found = super().look(job_id)
        return found if self.ends or found is None else Job(State.RUNNING)


def test_a_job_that_does_not_end_is_given_back_in_time_and_asked_for_again_never_sent_twice() -> (
    None
):
    jobs = Endless()
    work = partial(loading.carry_out, jobs, "slot_events", 0, Plan(0, 1), "x")
    for _ in range(3):
        with pytest.raises(StillRunningError, match=r"still runs load job creneau-slot_ev.*-1-x "):
            work(batch_of([record(0)], 0), seconds=0.1)
    with pytest.raises(StillRunningError, match="no other is sent for its rows"):
        is_done(jobs, "slot_events", 0, Plan(0, 1), "x")
    jobs.ends = True
    assert work(batch_of([record(0)], 0), seconds=0.1).job.state is State.DONE
    assert list(jobs.jobs) == ["creneau-slot_events-0-0-1-1-x"]
    assert loaded(jobs) == [0]


def test_a_plan_that_was_made_void_loads_nothing_any_more() -> None:
    jobs = PretendJobs()
    records = [record(0), record(1, LATE)]
    plan = Plan(0, 2, ((1, 2),))
    void(jobs, "slot_events", 0, plan, "x")
    outcome = carry_out(jobs, "slot_events", 0, plan, "x", batch_of(records, 0, plan))
    assert outcome.job.state is not State.DONE
    assert not is_done(jobs, "slot_events", 0, plan, "x")
    assert jobs.tables == {}


def test_what_was_loaded_before_its_plan_was_made_void_stays() -> None:
    jobs = PretendJobs()
    carry_out(jobs, "slot_events", 0, Plan(0, 1), "x", batch_of([record(0)], 0))
    void(jobs, "slot_events", 0, Plan(0, 1), "x")
    assert is_done(jobs, "slot_events", 0, Plan(0, 1), "x")
    assert loaded(jobs) == [0]
