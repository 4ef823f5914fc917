"""Registering and promoting: the store, the self-test and the ledger put together.

What is decided is decided inside the ledger's writer, on the state at the ledger's end, so that two
operators at once cannot both be right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from broker.settings import KafkaSettings
from creneau.operators import operator_name
from ledger.fold import LedgerState
from ledger.reader import read_ledger
from ledger.records import ModelPromoted, ModelRegistered
from ledger.writer import append
from model.artifact import engine_of, load, pack_skops, prove
from model.engine import Engine
from model.loading import LOAD_SECONDS, within
from model.store import ModelStore
from producer_contract.errors import BadUseError, UnavailableError

LONGEST_VERSION = 64


class UnreadableModelFile(BadUseError):  # noqa: N818
    """The file to register cannot be read."""


class VersionTaken(BadUseError):  # noqa: N818
    """Another artifact has this version name."""


class ModelRevokedError(UnavailableError):
    """The version was revoked: it never scores again."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """``written`` is False where the ledger said so already; ``offset`` is where ours stands."""

    version: str
    digest: str
    written: bool
    offset: int | None


def register(
    kafka: KafkaSettings, store: ModelStore, path: Path, *, version: str | None, reason: str
) -> Outcome:
    """Prove an artifact (or a bare ``.skops`` file), keep it in the store, put it on the ledger.

    ``version`` None: the date and eight characters of the digest. Registering the same artifact
    under the same version again changes nothing.

    Raises:
        UnreadableModelFile, VersionTaken: bad use.
        ModelUnusable, NotPackable: the model is refused.
    """
    if version is not None and not 1 <= len(version) <= LONGEST_VERSION:
        raise BadUseError(f"a version name has 1 to {LONGEST_VERSION} characters")
    content = _content(path)
    engine = engine_of(content, path.name)
    manifest = prove(content, path.name)
    name = version or f"{datetime.now(UTC):%Y-%m-%d}-{engine.digest[:8]}"
    _check_free(read_ledger(kafka), name, engine.digest)  # before the store gets anything
    uri, digest = store.put(content)
    record = ModelRegistered(
        at=datetime.now(UTC),
        by=operator_name(),
        reason=reason,
        version=name,
        digest=digest,
        uri=uri,
        features_version=engine.features_version,
        metrics=manifest.metrics,
    )
    offsets = append(kafka, lambda state: _registration(state, record))
    return Outcome(name, digest, bool(offsets), offsets[0] if offsets else None)


def promote(kafka: KafkaSettings, store: ModelStore, version: str, *, reason: str) -> Outcome:
    """Load and self-test a registered model, then put it in force.

    Promoting what is in force changes nothing.

    Raises:
        UnknownVersionError, ModelRevokedError: it cannot be promoted.
        ModelUnusable, LoadTooSlowError: it cannot be loaded; the ledger stays as it is.
    """
    engine = load_version(read_ledger(kafka), store, version)
    record = ModelPromoted(at=datetime.now(UTC), by=operator_name(), reason=reason, version=version)
    offsets = append(kafka, lambda state: _promotion(state, record))
    return Outcome(version, engine.digest, bool(offsets), offsets[0] if offsets else None)


def load_version(state: LedgerState, store: ModelStore, version: str) -> Engine:
    """The proved engine of a registered version, revoked or not: nobody said it may score.

    Raises:
        UnknownVersionError: the ledger has none.
        ModelUnusable, LoadTooSlowError: the model is refused, or the store does not give it.
    """
    model = state.model(version)
    return within(LOAD_SECONDS, lambda: load(store, model.uri, model.digest, version), version)


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableModelFile(
            f"{path} cannot be read ({error.strerror}); give the file that creneau model train "
            "or model.artifact.pack wrote"
        ) from error
    return pack_skops(content, path.name) if path.suffix == ".skops" else content


def _registration(state: LedgerState, record: ModelRegistered) -> Sequence[ModelRegistered]:
    return [record] if _check_free(state, record.version, record.digest) else []


def _check_free(state: LedgerState, version: str, digest: str) -> bool:
    """Whether the version is new; False where it is this very artifact's already."""
    known = state.models.get(version)
    if known is None:
        return True
    if known.digest != digest:
        raise VersionTaken(
            f"version '{version}' is another artifact's ({known.digest[:8]}…, yours is "
            f"{digest[:8]}…); give another --version"
        )
    return False


def _promotion(state: LedgerState, record: ModelPromoted) -> Sequence[ModelPromoted]:
    if state.model(record.version).revoked_at is not None:
        raise ModelRevokedError(
            f"model '{record.version}' was revoked and can never be promoted again; if that was a "
            "mistake, register its artifact under a new --version"
        )
    return [] if state.in_force == record.version else [record]
