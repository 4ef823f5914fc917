"""Short ways to write a ledger down in a test."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from ledger.fold import EMPTY, LedgerState, fold
from ledger.records import (
    Interval,
    ModelPromoted,
    ModelRegistered,
    ModelRevoked,
    Record,
    ReplayCancelled,
    ReplayCompleted,
    ReplayPaused,
    ReplayRequested,
    ReplayResumed,
)

START = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def _who(minute: int) -> dict[str, Any]:
    return {"at": START + timedelta(minutes=minute), "by": "ana", "reason": "a test"}


def registered(version: str, minute: int = 0) -> ModelRegistered:
    return ModelRegistered(
        version=version,
        digest=version.encode().hex().ljust(64, "0")[:64],
        uri=f"file:///store/{version}",
        features_version=1,
        metrics={"auc": 0.7},
        **_who(minute),
    )


def promoted(version: str, minute: int = 0) -> ModelPromoted:
    return ModelPromoted(version=version, **_who(minute))


def revoked(*versions: str, to: str | None = None, minute: int = 0) -> ModelRevoked:
    return ModelRevoked(versions=versions, replacement=to, **_who(minute))


def requested(
    replay_id: str,
    *from_models: str,
    to: str,
    affected: Iterable[tuple[int, int, int]] = ((0, 0, 10),),
    chunks: int = 1,
    **fields: Any,
) -> ReplayRequested:
    return ReplayRequested(
        replay_id=replay_id,
        from_models=from_models,
        with_model=to,
        scope=fields.pop("scope", "all"),
        fences=fields.pop("fences", {0: 10}),
        affected=tuple(Interval(*one) for one in affected),
        chunks=chunks,
        **(_who(fields.pop("minute", 0)) | fields),
    )


def paused(replay_id: str, *, canary: bool = False) -> ReplayPaused:
    return ReplayPaused(replay_id=replay_id, canary=canary, **_who(0))


def resumed(replay_id: str) -> ReplayResumed:
    return ReplayResumed(replay_id=replay_id, **_who(0))


def cancelled(replay_id: str) -> ReplayCancelled:
    return ReplayCancelled(replay_id=replay_id, **_who(0))


def completed(replay_id: str, certificate: str = "c" * 64, minute: int = 0) -> ReplayCompleted:
    return ReplayCompleted(replay_id=replay_id, certificate=certificate, **_who(minute))


def ledger(*records: Record, every: int = 2) -> LedgerState:
    """The state after ``records``, at every second offset: transaction markers take the others."""
    state = EMPTY
    for place, record in enumerate(records):
        state = fold(state, place * every, record)
    return state
