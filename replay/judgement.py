"""What an executor does with a task. Pure."""

from collections.abc import Iterable
from enum import Enum

from ledger.fold import LedgerState, Replay, ReplayState
from ledger.runs import Run, of_replay
from replay.tasks import Task


class Judgement(Enum):
    """``DO`` it; ``SKIP`` it (done, cancelled, completed); ``HOLD`` it until the ledger says more;
    ``READ`` the ledger first: it does not yet show the request."""

    DO = "do"
    SKIP = "skip"
    HOLD = "hold"
    READ = "read"


def judge(task: Task, state: LedgerState, runs: Iterable[Run]) -> Judgement:
    """What to do with ``task`` under this state. A chunk is done when its run exists."""
    replay = state.replays.get(task.replay_id)
    if replay is None:
        return Judgement.READ
    if not replay.active or _has_run(task, runs):
        return Judgement.SKIP
    return Judgement.DO if may_run(replay, state) else Judgement.HOLD


def may_run(replay: Replay, state: LedgerState) -> bool:
    """Whether executors may take chunks of this replay at all."""
    return replay.state is ReplayState.RUNNING and state.usable(replay.request.with_model)


def canary_reached(replay: Replay, runs: Iterable[Run]) -> bool:
    """Whether the replay has come to where it pauses itself; once resumed it goes on to the end."""
    share = replay.request.canary_chunks
    if share is None or replay.resumed:
        return False
    return len(of_replay(runs, replay.replay_id)) >= share


def _has_run(task: Task, runs: Iterable[Run]) -> bool:
    partition, start, end = task.chunk
    return any(
        run.replay_id == task.replay_id
        and run.source_partition == partition
        and run.from_offset == start
        and run.to_offset == end
        for run in runs
    )
