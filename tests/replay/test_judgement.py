"""What an executor does with a task."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ledger.fold import LedgerState
from ledger.records import Interval
from ledger.runs import Run
from replay.judgement import Judgement, canary_reached, judge, may_run
from replay.tasks import Task, decode_task, encode_task
from tests.ledger.build import (
    cancelled,
    completed,
    ledger,
    paused,
    promoted,
    registered,
    requested,
    resumed,
    revoked,
)

MODELS = (registered("bad"), registered("good"), promoted("bad"), revoked("bad", to="good"))
REQUEST = requested("r", "bad", to="good", affected=[(0, 0, 10)], chunks=2, canary_chunks=1)
TASK = Task("r", Interval(0, 0, 5), canary=True)
LATER = Task("r", Interval(0, 5, 10))
DONE = Run(0, 0, 5, 8, "good", "r", scored=5)


def judged(*records: object, runs: tuple[Run, ...] = (), task: Task = TASK) -> Judgement:
    state: LedgerState = ledger(*MODELS, *records)  # type: ignore[arg-type]
    return judge(task, state, runs)


def test_a_task_comes_back_as_it_was_written() -> None:
    assert decode_task(encode_task(TASK)) == TASK
    assert decode_task(encode_task(LATER)) == LATER
    assert b"canary" not in encode_task(LATER)


def test_nothing_but_the_canary_is_done_before_somebody_has_looked_at_it() -> None:
    assert judged(REQUEST, task=LATER) is Judgement.WITHHOLD
    assert judged(REQUEST, paused("r", canary=True), task=LATER) is Judgement.HOLD
    accepted = (paused("r", canary=True), resumed("r"))
    assert judged(REQUEST, *accepted, task=LATER) is Judgement.DO
    assert judged(REQUEST, cancelled("r"), task=LATER) is Judgement.SKIP


def test_a_task_of_the_active_replay_is_done() -> None:
    assert judged(REQUEST) is Judgement.DO
    assert judged(REQUEST, paused("r"), resumed("r")) is Judgement.DO


def test_a_chunk_is_done_when_its_run_exists_whatever_the_group_says() -> None:
    assert judged(REQUEST, runs=(DONE,)) is Judgement.SKIP
    other = Run(0, 0, 5, 6, "good", "another replay", scored=5)
    assert judged(REQUEST, runs=(other, Run(0, 5, 10, 8, "good", "r"))) is Judgement.DO


def test_a_task_of_a_replay_that_is_over_is_passed_over() -> None:
    assert judged(REQUEST, cancelled("r")) is Judgement.SKIP
    assert judged(REQUEST, completed("r")) is Judgement.SKIP


def test_a_task_waits_while_its_replay_may_not_run() -> None:
    assert judged(REQUEST, paused("r")) is Judgement.HOLD
    assert judged(REQUEST, revoked("good")) is Judgement.HOLD


def test_a_task_whose_request_does_not_show_yet_waits_for_the_ledger() -> None:
    assert judged() is Judgement.READ


def test_a_canary_is_reached_once() -> None:
    fresh = ledger(*MODELS, REQUEST).replays["r"]
    assert not canary_reached(fresh, [])
    assert canary_reached(fresh, [DONE])
    again = ledger(*MODELS, REQUEST, paused("r", canary=True), resumed("r")).replays["r"]
    assert not canary_reached(again, [DONE])


def test_a_replay_that_was_paused_and_resumed_before_its_canary_still_stops_at_it() -> None:
    resumed_early = (REQUEST, paused("r"), resumed("r"))
    assert judged(*resumed_early) is Judgement.DO
    assert judged(*resumed_early, task=LATER) is Judgement.WITHHOLD
    assert canary_reached(ledger(*MODELS, *resumed_early).replays["r"], [DONE])
    # Nobody has seen the canary either where it was done while an operator's pause stood.
    assert judged(*resumed_early, runs=(DONE,), task=LATER) is Judgement.WITHHOLD
    accepted = (*resumed_early, paused("r", canary=True), resumed("r"))
    assert judged(*accepted, runs=(DONE,), task=LATER) is Judgement.DO


@given(st.lists(st.sampled_from(["pause", "resume", "work"]), max_size=12))
def test_whatever_operators_do_nothing_but_the_canary_runs_before_it_was_shown(
    steps: list[str],
) -> None:
    written: list[Any] = [REQUEST]
    runs: tuple[Run, ...] = ()
    shown = accepted = False
    for step in steps:
        state = ledger(*MODELS, *written)
        replay = state.replays["r"]
        if step == "pause":
            written.append(paused("r"))
        elif step == "resume":
            accepted = accepted or shown
            written.append(resumed("r"))
        elif not may_run(replay, state):
            continue
        elif judge(LATER, state, runs) is Judgement.DO:
            assert accepted
        elif canary_reached(replay, runs):
            written.append(paused("r", canary=True))
            shown = True
        elif judge(TASK, state, runs) is Judgement.DO:
            runs = (DONE,)
    if accepted:
        running = ledger(*MODELS, *written, resumed("r"))
        assert judge(LATER, running, runs) is Judgement.DO
