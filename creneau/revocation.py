"""Revoking models: the replacement proved, then one record on the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from broker.settings import KafkaSettings
from creneau.operators import operator_name
from creneau.registry import ModelRevokedError, load_version
from ledger.fold import LedgerState
from ledger.reader import read_ledger
from ledger.records import ModelRevoked
from ledger.writer import append
from model.store import ModelStore
from producer_contract.errors import BadUseError
from replay.errors import NotAReplacementError


class NothingInForceError(BadUseError):
    """One of the models scores now, and nobody said what comes after it."""


class RevokedAlreadyError(BadUseError):
    """The version was revoked before."""


@dataclass(frozen=True, slots=True)
class Revocation:
    """``epoch``: the ledger offset (None: all were revoked before, nothing was written);
    ``in_force``: what scores after it (None: scoring waits)."""

    versions: tuple[str, ...]
    epoch: int | None
    in_force: str | None

    def __str__(self) -> str:
        """For a person."""
        named = ", ".join(self.versions)
        done = (
            f"{named}: revoked before, nothing new for the ledger"
            if self.epoch is None
            else f"revoked {named} at epoch {self.epoch}"
        )
        waits = "nothing; new events wait in Kafka, unscored, for creneau model promote VERSION"
        return f"{done}; in force: {self.in_force or waits}"


def revoke(
    kafka: KafkaSettings,
    store: ModelStore,
    versions: Sequence[str],
    *,
    replacement: str | None,
    pause_scoring: bool,
    again: bool = False,
    reason: str,
) -> Revocation:
    """Take models out of scoring for ever.

    ``replacement`` is loaded and self-tested first, whether or not it comes into force. Where one
    of the models is in force, either it or ``pause_scoring`` is needed. ``again``: what was revoked
    before is no error; only the others are written.

    Raises:
        UnknownVersionError, ModelRevokedError, NothingInForceError, RevokedAlreadyError,
        NotAReplacementError: nothing was written.
        ModelUnusable, LoadTooSlowError: the replacement cannot be loaded; nothing was written.
    """
    chosen = tuple(dict.fromkeys(versions))
    state = read_ledger(kafka)
    _check(state, chosen, replacement, pause_scoring, again)
    if replacement is not None:
        load_version(state, store, replacement)
    now = datetime.now(UTC)

    def decide(state: LedgerState) -> Sequence[ModelRevoked]:
        # Again, under the ledger's lock: another operator may have been quicker.
        _check(state, chosen, replacement, pause_scoring, again)
        new = tuple(version for version in chosen if version not in state.revoked)
        if not new:
            return []
        who = {"at": now, "by": operator_name(), "reason": reason}
        return [ModelRevoked(versions=new, replacement=replacement, **who)]

    offsets = append(kafka, decide)
    after = read_ledger(kafka)
    if not offsets:
        return Revocation(chosen, None, after.in_force)
    return Revocation(chosen, offsets[0], after.in_force_at_epoch(offsets[0]))


def _check(
    state: LedgerState,
    versions: Sequence[str],
    replacement: str | None,
    pause_scoring: bool,
    again: bool,
) -> None:
    for version in versions:
        revoked_at = state.model(version).revoked_at
        if revoked_at is not None and not again:
            raise RevokedAlreadyError(
                f"model '{version}' was revoked already, at epoch {revoked_at}; to correct what it "
                f"emitted, the same command with --replay, or: creneau replay start --with "
                f"{replacement or 'VERSION'}"
            )
    if replacement is not None:
        if replacement in versions:
            raise NotAReplacementError(f"model '{replacement}' cannot replace itself")
        if state.model(replacement).revoked_at is not None:
            raise ModelRevokedError(
                f"model '{replacement}' was revoked itself; register its artifact under a new name "
                "if that was a mistake"
            )
    if state.in_force in versions and replacement is None and not pause_scoring:
        raise NothingInForceError(
            f"model '{state.in_force}' is in force: say --with VERSION for what takes over, or "
            "--pause-scoring to score nothing until the next creneau model promote"
        )
