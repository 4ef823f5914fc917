"""The archiver's loop, turn by turn, in memory."""

import time

import pytest

from tests.archive.in_memory import in_memory
from tests.archive.pretend import PretendJobs
from tests.archive.test_loading import is_in, loaded, refused
from warehouse.archive.archiver import EverythingRefusedError
from warehouse.archive.jobs import Job, State
from warehouse.archive.plan import Spent


class OneIsBroken(PretendJobs):
    """The table of this name refuses all rows."""

    def _run(self, table: str, body: bytes) -> Job:
        if table == "broken":
            return Job(State.ROWS_REFUSED, ("no such column",))
        return super()._run(table, body)


def test_a_table_that_refuses_everything_is_noticed_though_another_one_fares_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = in_memory(monkeypatch, OneIsBroken(), "healthy", "broken")

    def one_of_each() -> None:
        here.publish("healthy", 1)
        here.publish("broken", 1)
        here.until("both", here.all_archived)

    for _ in range(10):
        one_of_each()
    with pytest.raises(EverythingRefusedError, match=r"table broken, .*no such column"):
        one_of_each()
    assert len(here.jobs.tables["healthy"]) >= 10


@pytest.mark.parametrize("most_named", [None, 5, 1])
@pytest.mark.parametrize("bad", [range(3, 400, 13), range(11), range(385, 400)])
def test_rows_that_bigquery_names_do_not_stop_the_archive_while_others_near_them_are_good(
    monkeypatch: pytest.MonkeyPatch, bad: range, most_named: int | None
) -> None:
    jobs = PretendJobs(is_in(set(bad)), names_them=True, most_named=most_named)
    here = in_memory(monkeypatch, jobs, "slot_events")
    here.publish("slot_events", 400)
    here.until("its load", here.all_archived)
    assert loaded(jobs) == sorted(set(range(400)) - set(bad))
    assert refused(jobs) == list(bad)


@pytest.mark.parametrize(("bad", "most_named"), [(range(41), 5), (range(19), 1)])
def test_a_long_run_of_bad_rows_at_the_head_is_taken_for_a_wrong_table(
    monkeypatch: pytest.MonkeyPatch, bad: range, most_named: int
) -> None:
    jobs = PretendJobs(is_in(set(bad)), names_them=True, most_named=most_named)
    here = in_memory(monkeypatch, jobs, "slot_events")
    here.publish("slot_events", 400)
    with pytest.raises(EverythingRefusedError, match=r"from offset \d+ on .*each new start"):
        here.until("its end", here.all_archived)


@pytest.mark.parametrize(
    ("names_them", "most_named"),
    [(True, None), (True, 5), (True, 1), (False, None)],
    ids=["all", "five", "the first", "none"],
)
def test_a_table_that_refuses_everything_stops_the_archive_after_few_jobs(
    monkeypatch: pytest.MonkeyPatch, names_them: bool, most_named: int | None
) -> None:
    jobs = PretendJobs(lambda row: "source_offset" in row, names_them, most_named)
    here = in_memory(monkeypatch, jobs, "slot_events")
    here.publish("slot_events", 400)
    with pytest.raises(EverythingRefusedError, match="warehouse check"):
        here.until("its end", here.all_archived)
    assert len(jobs.jobs) <= 125
    assert len(refused(jobs)) <= 10


def test_nothing_is_sent_before_the_budget_allows_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    spent = Spent(jobs=int(now) + 10**6)
    here = in_memory(monkeypatch, PretendJobs(), "slot_events", spent=spent)
    here.publish("slot_events", 5)
    one = here.group.partitions["slot_events", 0]
    here.until("something to load", lambda: one.due(0.001))
    here.turn(20)
    assert here.jobs.jobs == {}
    assert one.standing.plan is None
    # A metric says why.
    assert 0 < one.budget_wait(now) < 10**6 + 1
    monkeypatch.setattr(time, "time", lambda: now + 2 * 10**6)
    here.until("its load", here.all_archived)
    assert len(here.jobs.jobs) == 1
    assert one.budget_wait(time.time()) == 0
