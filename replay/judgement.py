"""What an executor does with a task. Pure."""

from collections.abc import Iterable
from enum import Enum

from ledger.fold import LedgerState, Replay, ReplayState
from ledger.runs import Run, of_replay
from replay.tasks import Task


class Judgement(Enum):
    """``DO`` it; ``SKIP`` it (done, cancelled, completed); ``HOLD`` it until the ledger says more;
    ``WITHHOLD`` it until the canary has been looked at; ``READ`` the ledger first: it does not yet
    show the request."""

    DO = "do"
    SKIP = "skip"
    HOLD = "hold"
    WITHHOLD = "withhold"
    READ = "read"


def judge(task: Task, state: LedgerState, runs: Iterable[Run]) -> Judgement:
    """What to do with ``task`` under this state. A chunk is done when its run exists."""
    replay = state.replays.get(task.replay_id)
    if replay is None:
        return Judgement.READ
    if not replay.active or _has_run(task, runs):
        return Judgement.SKIP
    if not may_run(replay, state):
        return Judgement.HOLD
    return Judgement.WITHHOLD if canary_first(replay) and not task.canary else Judgement.DO


def may_run(replay: Replay, state: LedgerState) -> bool:
    """Whether executors may take chunks of this replay at all."""
    return replay.state is ReplayState.RUNNING and state.usable(replay.request.with_model)


def canary_first(replay: Replay) -> bool:
    """Whether its canary has yet to be accepted: by resuming it where it had paused itself."""
    return replay.request.canary_chunks is not None and not replay.canary_accepted


def canary_reached(replay: Replay, runs: Iterable[Run]) -> bool:
    """Whether the replay has come to where it pauses itself."""
    chunks = replay.request.canary_chunks
    if chunks is None or not canary_first(replay):
        return False
    return len(of_replay(runs, replay.replay_id)) >= chunks


def _has_run(task: Task, runs: Iterable[Run]) -> bool:
    partition, start, end = task.chunk
    return any(
        run.replay_id == task.replay_id
        and run.source_partition == partition
        and run.from_offset == start
        and run.to_offset == end
        for run in runs
    )
