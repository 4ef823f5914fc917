"""The archiver's loop, turn by turn, in memory."""

import time

import pytest

from tests.archive.in_memory import in_memory
from tests.archive.pretend import PretendJobs
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
    with pytest.raises(EverythingRefusedError, match=r"table broken .*no such column"):
        one_of_each()
    assert len(here.jobs.tables["healthy"]) >= 10


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
    monkeypatch.setattr(time, "time", lambda: now + 2 * 10**6)
    here.until("its load", here.all_archived)
    assert len(here.jobs.jobs) == 1
