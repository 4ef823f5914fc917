"""Pausing, resuming and cancelling: records on the ledger, which executors follow."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from broker.settings import KafkaSettings
from ledger.fold import LedgerState, Replay, ReplayState
from ledger.records import Record, ReplayCancelled, ReplayPaused, ReplayResumed
from ledger.writer import append
from replay.errors import ReplayNotInThatStateError, UnknownReplayError, UnusableReplacementError
from replay.judgement import canary_first, may_run


def find_replay(state: LedgerState, replay_id: str | None) -> Replay:
    """The replay with this id (a beginning of it is enough), the active one or else the last.

    Raises:
        UnknownReplayError: there is none, or several begin like that.
    """
    if replay_id is None:
        if state.active_replay is not None:
            return state.active_replay
        if state.replays:
            return list(state.replays.values())[-1]
        raise UnknownReplayError("there has been no replay yet: creneau replay start")
    found = [one for key, one in state.replays.items() if key.startswith(replay_id)]
    if len(found) != 1:
        which = "no replay begins" if not found else f"{len(found)} replays begin"
        raise UnknownReplayError(f"{which} with '{replay_id}': creneau replay list")
    return found[0]


def pause(kafka: KafkaSettings, replay_id: str | None, *, by: str, reason: str) -> str:
    """No executor takes another chunk; the id of the replay."""
    return _move(kafka, replay_id, ReplayPaused, _pausable, by, reason)


def pause_at_canary(kafka: KafkaSettings, replay_id: str, *, by: str) -> None:
    """Pause a replay whose canary is all done; nothing, where somebody was quicker.

    The record says so: resuming from it, and from it alone, accepts the canary.
    """

    def decide(state: LedgerState) -> list[Record]:
        replay = state.replays[replay_id]
        if not may_run(replay, state) or not canary_first(replay):
            return []
        reason = "canary: look at its shift, then resume or cancel"
        who: dict[str, Any] = {"at": datetime.now(UTC), "by": by, "reason": reason}
        return [ReplayPaused(replay_id=replay_id, canary=True, **who)]

    append(kafka, decide)


def resume(kafka: KafkaSettings, replay_id: str | None, *, by: str, reason: str) -> str:
    """Executors go on; the id of the replay."""
    return _move(kafka, replay_id, ReplayResumed, _resumable, by, reason)


def cancel(kafka: KafkaSettings, replay_id: str | None, *, by: str, reason: str) -> str:
    """The replay ends here, what it corrected stays; the id of the replay."""
    return _move(kafka, replay_id, ReplayCancelled, _active, by, reason)


def _move(
    kafka: KafkaSettings,
    replay_id: str | None,
    kind: type[ReplayPaused] | type[ReplayResumed] | type[ReplayCancelled],
    check: Callable[[LedgerState, Replay], None],
    by: str,
    reason: str,
) -> str:
    moved: list[str] = []

    def decide(state: LedgerState) -> list[Record]:
        replay = find_replay(state, replay_id)
        check(state, replay)
        moved[:] = [replay.replay_id]
        fields: dict[str, Any] = {"at": datetime.now(UTC), "by": by, "reason": reason}
        return [kind(replay_id=replay.replay_id, **fields)]

    append(kafka, decide)
    return moved[0]


def _active(_: LedgerState, replay: Replay) -> None:
    if not replay.active:
        raise ReplayNotInThatStateError(f"replay {replay.replay_id} is {replay.state} already")


def _pausable(state: LedgerState, replay: Replay) -> None:
    _active(state, replay)
    if replay.state is ReplayState.PAUSED:
        raise ReplayNotInThatStateError(f"replay {replay.replay_id} is paused already")


def _resumable(state: LedgerState, replay: Replay) -> None:
    _active(state, replay)
    if replay.state is not ReplayState.PAUSED:
        raise ReplayNotInThatStateError(f"replay {replay.replay_id} is not paused")
    if not state.usable(replay.request.with_model):
        raise UnusableReplacementError(
            f"model '{replay.request.with_model}', which replay {replay.replay_id} corrects with, "
            "was revoked: creneau replay cancel, then start another"
        )
