"""The ledger as somebody would note it down who hears it read aloud: lists of names, and words.

Written without a look at ``ledger.fold``, from docs/protocol.md and docs/names.md, to be held
against it.
"""

from dataclasses import dataclass, field

from ledger.fold import LedgerState
from ledger.records import ModelPromoted, ModelRegistered, ModelRevoked, Record, ReplayRequested


@dataclass
class NaiveReplay:
    """One replay, its state a word."""

    epoch: int
    with_model: str
    word: str = "running"
    waits_at_canary: bool = False
    canary_accepted: bool = False
    certificate: str | None = None


@dataclass
class NaiveLedger:
    """``epochs``: (epoch, what is in force from then on), one for each decision."""

    registered: list[str] = field(default_factory=list)
    revoked: dict[str, int] = field(default_factory=dict)
    in_force: str | None = None
    epochs: list[tuple[int, str | None]] = field(default_factory=list)
    replays: dict[str, NaiveReplay] = field(default_factory=dict)

    def may_score(self, version: str | None) -> bool:
        return version in self.registered and version not in self.revoked

    @property
    def active(self) -> str | None:
        """The id of the replay that has not ended."""
        for replay_id, replay in self.replays.items():
            if replay.word in ("running", "paused"):
                return replay_id
        return None

    def note(self, offset: int, record: Record) -> None:
        if isinstance(record, ModelRegistered):
            if record.version not in self.registered:
                self.registered.append(record.version)
        elif isinstance(record, ModelPromoted):
            if self.may_score(record.version):
                self.in_force = record.version
                self.epochs.append((offset, self.in_force))
        elif isinstance(record, ModelRevoked):
            for version in set(record.versions) & set(self.registered):
                self.revoked.setdefault(version, offset)
            if self.in_force in self.revoked:
                self.in_force = record.replacement if self.may_score(record.replacement) else None
            self.epochs.append((offset, self.in_force))
        elif isinstance(record, ReplayRequested):
            if self.active is None and record.replay_id not in self.replays:
                self.replays[record.replay_id] = NaiveReplay(offset, record.with_model)
        elif record.replay_id == self.active:
            self._note_on(self.replays[record.replay_id], record)

    def _note_on(self, replay: NaiveReplay, record: Record) -> None:
        """What is said of the active replay; of any other one nothing counts."""
        if record.type == "ReplayPaused":
            replay.word = "paused"
            if record.canary:
                replay.waits_at_canary = True
        elif record.type == "ReplayResumed":
            replay.word = "running"
            if replay.waits_at_canary:
                replay.canary_accepted = True
            replay.waits_at_canary = False
        elif record.type == "ReplayCancelled":
            replay.word = "cancelled"
        elif record.type == "ReplayCompleted" and self.may_score(replay.with_model):
            replay.word = "completed"
            replay.certificate = record.certificate


def assert_says(state: LedgerState, naive: NaiveLedger) -> None:
    """See that the fold has come to what was noted down."""
    assert list(state.models) == naive.registered
    assert state.in_force == naive.in_force
    assert [(one.epoch, one.in_force) for one in state.decisions] == naive.epochs
    assert state.epoch == (naive.epochs[-1][0] if naive.epochs else None)
    assert state.revoked == set(naive.revoked)
    for version, model in state.models.items():
        assert model.revoked_at == naive.revoked.get(version)
        assert state.usable(version) == naive.may_score(version)
    before: str | None = None
    for epoch, in_force in naive.epochs:
        assert state.in_force_at_epoch(epoch - 1) == before
        assert state.in_force_at_epoch(epoch) == state.in_force_at_epoch(epoch + 1) == in_force
        before = in_force
    assert (state.active_replay.replay_id if state.active_replay else None) == naive.active
    assert {replay_id: _noted(state, replay_id) for replay_id in state.replays} == naive.replays


def _noted(state: LedgerState, replay_id: str) -> NaiveReplay:
    replay = state.replays[replay_id]
    return NaiveReplay(
        replay.epoch,
        replay.request.with_model,
        str(replay.state),
        replay.at_canary,
        replay.canary_accepted,
        replay.completed.certificate if replay.completed is not None else None,
    )
