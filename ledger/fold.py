"""The ledger's state: a pure fold over its records.

The fold never fails. A record that is not valid where it stands (a promotion of a revoked model, a
second completion) changes nothing, so that every reader, whatever its age, comes to the same state;
the writer refuses such a record before it reaches the ledger.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from ledger.records import (
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
from producer_contract.errors import UnavailableError


class UnknownVersionError(UnavailableError):
    """A version that is not on the ledger."""


@dataclass(frozen=True, slots=True)
class Model:
    """One registered model. ``revoked_at`` is the ledger offset of its (first) revocation."""

    version: str
    digest: str
    uri: str
    features_version: int | str
    metrics: Mapping[str, Any]
    registered_at: int
    registered_on: datetime
    revoked_at: int | None = None


class ReplayState(StrEnum):
    """Where a replay stands, as far as the ledger knows."""

    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class Replay:
    """One replay. ``epoch`` is the ledger offset of its request.

    ``at_canary``: it is paused because all of its canary is done; ``canary_accepted``: it was
    resumed from there. A pause of an operator's before that accepts nothing.
    """

    request: ReplayRequested
    epoch: int
    state: ReplayState = ReplayState.RUNNING
    completed: ReplayCompleted | None = None
    at_canary: bool = False
    canary_accepted: bool = False

    @property
    def replay_id(self) -> str:
        return self.request.replay_id

    @property
    def active(self) -> bool:
        return self.state in (ReplayState.RUNNING, ReplayState.PAUSED)


@dataclass(frozen=True, slots=True)
class Decision:
    """What is in force from one epoch on, until the next decision."""

    epoch: int
    at: datetime
    in_force: str | None


@dataclass(frozen=True, slots=True)
class LedgerState:
    """Everything that the ledger says up to, and not including, the offset ``end``."""

    end: int = 0
    models: Mapping[str, Model] = field(default_factory=lambda: MappingProxyType({}))
    decisions: tuple[Decision, ...] = ()
    replays: Mapping[str, Replay] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def epoch(self) -> int | None:
        """The ledger offset of the last promotion or revocation."""
        return self.decisions[-1].epoch if self.decisions else None

    @property
    def in_force(self) -> str | None:
        """The version that scores, None where scoring waits."""
        return self.decisions[-1].in_force if self.decisions else None

    @property
    def active_replay(self) -> Replay | None:
        """The one replay that is neither completed nor cancelled."""
        return next((one for one in self.replays.values() if one.active), None)

    @property
    def revoked(self) -> frozenset[str]:
        """Every version ever revoked."""
        return frozenset(v for v, model in self.models.items() if model.revoked_at is not None)

    def in_force_at_epoch(self, epoch: int) -> str | None:
        """The version in force under the live decision ``epoch`` or the last one before it."""
        for decision in reversed(self.decisions):
            if decision.epoch <= epoch:
                return decision.in_force
        return None

    def model(self, version: str) -> Model:
        """The model of that version.

        Raises:
            UnknownVersionError: there is none.
        """
        model = self.models.get(version)
        if model is None:
            raise UnknownVersionError(
                f"no model '{version}' is registered; creneau model list shows those that are"
            )
        return model

    def usable(self, version: str | None) -> bool:
        """Whether the version is registered and was never revoked."""
        model = self.models.get(version) if version is not None else None
        return model is not None and model.revoked_at is None


EMPTY = LedgerState()


def fold(state: LedgerState, offset: int, record: Record) -> LedgerState:
    """The state after ``record``, which stands at ``offset`` of the ledger."""
    match record:
        case ModelRegistered():
            changed = _register(state, offset, record)
        case ModelPromoted():
            changed = _promote(state, offset, record)
        case ModelRevoked():
            changed = _revoke(state, offset, record)
        case ReplayRequested():
            changed = _request(state, offset, record)
        case ReplayCompleted():
            changed = _complete(state, record)
        case ReplayPaused() | ReplayResumed() | ReplayCancelled():
            changed = _move(state, record)
    return replace(changed, end=offset + 1)


def _register(state: LedgerState, offset: int, record: ModelRegistered) -> LedgerState:
    if record.version in state.models:
        return state
    model = Model(
        version=record.version,
        digest=record.digest,
        uri=record.uri,
        features_version=record.features_version,
        metrics=record.metrics,
        registered_at=offset,
        registered_on=record.at,
    )
    return replace(state, models=MappingProxyType({**state.models, model.version: model}))


def _decide(
    state: LedgerState, offset: int, record: ModelPromoted | ModelRevoked, in_force: str | None
) -> LedgerState:
    decision = Decision(epoch=offset, at=record.at, in_force=in_force)
    return replace(state, decisions=(*state.decisions, decision))


def _promote(state: LedgerState, offset: int, record: ModelPromoted) -> LedgerState:
    if not state.usable(record.version):
        return state
    return _decide(state, offset, record, record.version)


def _revoke(state: LedgerState, offset: int, record: ModelRevoked) -> LedgerState:
    models = dict(state.models)
    for version in record.versions:
        if version in models and models[version].revoked_at is None:
            models[version] = replace(models[version], revoked_at=offset)
    revoked = replace(state, models=MappingProxyType(models))
    in_force = state.in_force
    if in_force in record.versions:
        in_force = record.replacement if revoked.usable(record.replacement) else None
    # An epoch in each case: a slow worker may still be scoring under an older one.
    return _decide(revoked, offset, record, in_force)


def _with_replay(state: LedgerState, replay: Replay) -> LedgerState:
    return replace(state, replays=MappingProxyType({**state.replays, replay.replay_id: replay}))


def _request(state: LedgerState, offset: int, record: ReplayRequested) -> LedgerState:
    if state.active_replay is not None or record.replay_id in state.replays:
        return state
    return _with_replay(state, Replay(request=record, epoch=offset))


def _complete(state: LedgerState, record: ReplayCompleted) -> LedgerState:
    known = state.replays.get(record.replay_id)
    # A replay whose replacement was revoked meanwhile can only be cancelled.
    if known is None or not known.active or not state.usable(known.request.with_model):
        return state
    return _with_replay(state, replace(known, state=ReplayState.COMPLETED, completed=record))


def _move(
    state: LedgerState, record: ReplayPaused | ReplayResumed | ReplayCancelled
) -> LedgerState:
    known = state.replays.get(record.replay_id)
    if known is None or not known.active:
        return state
    match record:
        case ReplayPaused():
            at_canary = known.at_canary or record.canary
            paused = replace(known, state=ReplayState.PAUSED, at_canary=at_canary)
            return _with_replay(state, paused)
        case ReplayResumed():
            accepted = known.canary_accepted or known.at_canary
            resumed = replace(
                known, state=ReplayState.RUNNING, at_canary=False, canary_accepted=accepted
            )
            return _with_replay(state, resumed)
        case ReplayCancelled():
            return _with_replay(state, replace(known, state=ReplayState.CANCELLED))
