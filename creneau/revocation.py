"""Revoking models: the replacement proved, then one record on the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from broker.settings import KafkaSettings
from creneau.operators import operator_name
from creneau.registry import ModelRevokedError, load_version, registered
from ledger.fold import LedgerState
from ledger.reader import read_ledger
from ledger.records import ModelRevoked
from ledger.writer import append
from model.store import ModelStore
from producer_contract.errors import BadUseError


class NothingInForceError(BadUseError):
    """One of the models scores now, and nobody said what comes after it."""


class RevokedAlreadyError(BadUseError):
    """The version was revoked before."""


class NotAReplacementError(BadUseError):
    """The replacement is one of the models to revoke."""


@dataclass(frozen=True, slots=True)
class Revocation:
    """``epoch``: the ledger offset; ``in_force``: what scores after it (None: scoring waits)."""

    versions: tuple[str, ...]
    epoch: int
    in_force: str | None


def revoke(
    kafka: KafkaSettings,
    store: ModelStore,
    versions: Sequence[str],
    *,
    replacement: str | None,
    pause_scoring: bool,
    reason: str,
) -> Revocation:
    """Take models out of scoring for ever.

    ``replacement`` is loaded and self-tested first, whether or not it comes into force. Where one
    of the models is in force, either it or ``pause_scoring`` is needed.

    Raises:
        NoSuchModel, ModelRevokedError, NothingInForceError, RevokedAlreadyError,
        NotAReplacementError: nothing was written.
        ModelUnusable: the replacement is refused; nothing was written.
    """
    chosen = tuple(dict.fromkeys(versions))
    state = read_ledger(kafka)
    _check(state, chosen, replacement, pause_scoring)
    if replacement is not None:
        load_version(state, store, replacement)
    record = ModelRevoked(
        at=datetime.now(UTC),
        by=operator_name(),
        reason=reason,
        versions=chosen,
        replacement=replacement,
    )

    def decide(state: LedgerState) -> Sequence[ModelRevoked]:
        # Again, under the ledger's lock: another operator may have been quicker.
        _check(state, chosen, replacement, pause_scoring)
        return [record]

    epoch = append(kafka, decide)[0]
    return Revocation(chosen, epoch, read_ledger(kafka).in_force_at_epoch(epoch))


def _check(
    state: LedgerState, versions: Sequence[str], replacement: str | None, pause_scoring: bool
) -> None:
    for version in versions:
        revoked_at = registered(state, version).revoked_at
        if revoked_at is not None:
            raise RevokedAlreadyError(
                f"model '{version}' was revoked already, at epoch {revoked_at}; to correct what it "
                f"emitted: creneau replay start --with {replacement or 'VERSION'}"
            )
    if replacement is not None:
        if replacement in versions:
            raise NotAReplacementError(f"model '{replacement}' cannot replace itself")
        if registered(state, replacement).revoked_at is not None:
            raise ModelRevokedError(
                f"model '{replacement}' was revoked itself; register its artifact under a new name "
                "if that was a mistake"
            )
    if state.in_force in versions and replacement is None and not pause_scoring:
        raise NothingInForceError(
            f"model '{state.in_force}' is in force: say --with VERSION for what takes over, or "
            "--pause-scoring to score nothing until the next creneau model promote"
        )
