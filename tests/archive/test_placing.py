"""Where a partition goes on, by what the group says, what the archive has and what the log has."""

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest

from broker.groups import Committed
from broker.settings import KafkaSettings
from tests.archive.test_partition import TOPIC
from warehouse.archive import placing
from warehouse.archive.jobs import StillRunningError
from warehouse.archive.placing import Place, Placing
from warehouse.archive.plan import Plan, Span, Standing, encode

NOBODYS = Committed(None, "")


@dataclass
class Found:
    """The log holds ``[start, end)``. ``done``: whether the plan's jobs are."""

    archived: list[Span] = field(default_factory=list)
    start: int = 0
    end: int = 1_000
    group: Committed = NOBODYS
    done: bool = False
    accept_lost: bool = False
    running: bool = False
    voided: list[Plan] = field(default_factory=list)
    sent_just_before: list[Span] = field(default_factory=list)

    def still_runs(self) -> bool:
        if self.running:
            raise StillRunningError("it runs")
        return False

    def make_void(self, plan: Plan) -> None:
        self.voided.append(plan)
        self.archived = [*self.archived, *self.sent_just_before]


def place(found: Found) -> Place:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(placing, "new_admin", lambda _: SimpleNamespace())
        patch.setattr(placing, "committed", lambda *_: {0: found.group})
        patch.setattr(placing, "log_starts", lambda *_: {0: found.start})
        patch.setattr(placing, "high_watermarks", lambda *_: {0: found.end})
        asked = Placing(
            KafkaSettings("nowhere:1"),
            ranges=lambda *_: found.archived,
            done=lambda *_: found.still_runs() or found.done,
            void=lambda _, __, plan: found.make_void(plan),
            accept_lost=found.accept_lost,
        )
        return asked(TOPIC, [0])[0]


def of_ours(standing: Standing) -> Committed:
    return Committed(standing.offset, encode(standing))


def goes_on(found: Found) -> tuple[int, int | None]:
    """From where to where."""
    placed = place(found)
    assert placed.problem is None
    assert placed.standing.plan is None
    return placed.standing.offset, placed.standing.limit


HALF_DONE = Found(
    # Its refused records, [40, 60), were not loaded any more.
    archived=[(0, 40), (60, 100)],
    group=of_ours(Standing(0, 0, plan=Plan(0, 100, ((40, 60),)))),
)


def test_rows_of_a_plan_that_is_half_done_are_not_loaded_again_where_records_are_lost() -> None:
    accepting = replace(HALF_DONE, accept_lost=True)
    assert goes_on(replace(accepting, start=20)) == (40, 60)
    assert goes_on(replace(accepting, start=50)) == (50, 60)
    assert goes_on(replace(accepting, start=70)) == (100, None)


def test_what_retention_took_and_the_archive_has_is_no_loss() -> None:
    assert goes_on(replace(HALF_DONE, start=40)) == (40, 60)
    problem = place(replace(HALF_DONE, start=50)).problem or ""
    assert "offsets 40 to 50 were deleted by Kafka's retention" in problem


def test_a_hole_behind_the_archive_is_a_loss_where_the_group_knows_nothing_any_more() -> None:
    expired = Found(archived=[(0, 500)], start=800)
    assert "offsets 500 to 800 were deleted" in (place(expired).problem or "")
    assert goes_on(replace(expired, accept_lost=True)) == (800, None)
    assert goes_on(replace(expired, start=500)) == (500, None)
    again = replace(expired, archived=[(0, 500), (800, 900)], start=950)
    assert "offsets 500 to 800 and 900 to 950 were deleted" in (place(again).problem or "")


def test_an_archive_that_begins_has_lost_nothing() -> None:
    assert goes_on(Found(start=800)) == (800, None)
    assert goes_on(Found(archived=[(300, 500)], start=400)) == (500, None)


def test_a_group_that_was_moved_forward_by_hand_goes_on_where_the_archive_ends() -> None:
    moved = Found(archived=[(0, 500)], group=Committed(800, ""))
    assert goes_on(moved) == (500, None)
    assert "offsets 500 to 600 were deleted" in (place(replace(moved, start=600)).problem or "")


def test_a_limit_that_was_reached_leads_to_the_next_gap() -> None:
    at = of_ours(Standing(20, 18, limit=20))
    assert goes_on(Found(archived=[(0, 18), (20, 60)], group=at)) == (60, None)


def planned(**more: Any) -> Found:
    """Its owner was about to load ``[0, 100)``; retention has taken ``[0, 50)``."""
    return Found(group=of_ours(Standing(0, 0, plan=Plan(0, 100))), start=50, **more)


def test_a_plan_is_made_void_before_it_is_given_up_and_only_then() -> None:
    waits = planned()
    assert "offsets 0 to 50 were deleted" in (place(waits).problem or "")
    assert waits.voided == []
    accepting = planned(accept_lost=True)
    assert goes_on(accepting) == (50, None)
    assert accepting.voided == [Plan(0, 100)]
    # Where nothing is lost a plan is given up too.
    nothing_lost = replace(HALF_DONE, start=40, voided=[])
    assert goes_on(nothing_lost) == (40, 60)
    assert nothing_lost.voided == [Plan(0, 100, ((40, 60),))]


def test_what_the_old_owner_sent_just_before_its_plan_was_made_void_is_left_out() -> None:
    assert goes_on(planned(accept_lost=True, sent_just_before=[(0, 100)])) == (100, None)


def test_a_plan_whose_job_still_runs_is_not_given_up_and_looked_at_again() -> None:
    found = planned(accept_lost=True, running=True)
    placed = place(found)
    assert (placed.standing.plan, placed.problem, placed.passes) == (Plan(0, 100), "it runs", True)
    assert found.voided == []
