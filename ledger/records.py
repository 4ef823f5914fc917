"""The records of the ledger: who decided what, when and why.

Each record is one JSON object, written once and never changed. Its offset on the ledger is its
name: a promotion's, a revocation's or a replay request's offset is an epoch.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from producer_contract.errors import UnavailableError

MAX_RECORD_BYTES: Final = 16 * 1024 * 1024
"""The ledger's ``max.message.bytes``: what a plan must fit into."""


class UnreadableLedgerError(UnavailableError):
    """A record on the ledger is none of ours: another version wrote it, or a stranger."""


def utc_text(moment: datetime) -> str:
    """RFC 3339 in UTC, with ``Z`` and milliseconds: how every time of ours is written."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[datetime, PlainSerializer(utc_text, return_type=str, when_used="json")]
Version = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Offset = Annotated[int, Field(ge=0)]


class Interval(NamedTuple):
    """Offsets ``[from_offset, to_offset)`` of one source partition."""

    partition: int
    from_offset: int
    to_offset: int


class Selection(BaseModel):
    """What a replay was limited to; times are Kafka's timestamps of the source records."""

    model_config = ConfigDict(frozen=True)

    partitions: tuple[Offset, ...] | None = None
    published_from: Moment | None = None
    published_to: Moment | None = None


Scope = Literal["all"] | Selection


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)

    at: Moment
    by: str
    reason: str


class ModelRegistered(_Record):
    """An artifact became known under a version name."""

    type: Literal["ModelRegistered"] = "ModelRegistered"
    version: Version
    digest: Digest
    uri: str
    features_version: int | str
    metrics: Mapping[str, Any] = Field(default_factory=dict)


class ModelPromoted(_Record):
    """A model came into force."""

    type: Literal["ModelPromoted"] = "ModelPromoted"
    version: Version


class ModelRevoked(_Record):
    """Models that must never score again, and what takes over where one was in force."""

    type: Literal["ModelRevoked"] = "ModelRevoked"
    versions: tuple[Version, ...] = Field(min_length=1)
    replacement: Version | None


class ReplayRequested(_Record):
    """Every probability of ``from_models`` in ``affected`` is to be made again.

    ``rate`` (events per second over all executors) and ``canary_chunks`` (how many chunks before
    the replay pauses itself) are absent where nobody asked for them.
    """

    type: Literal["ReplayRequested"] = "ReplayRequested"
    replay_id: str
    from_models: tuple[Version, ...]
    with_model: Version
    scope: Scope
    fences: Mapping[int, Offset]
    affected: tuple[Interval, ...]
    chunks: Offset
    rate: Annotated[float, Field(gt=0)] | None = None
    canary_chunks: Annotated[int, Field(ge=1)] | None = None


class ReplayPaused(_Record):
    """No executor takes another chunk until it is resumed.

    ``canary``: the replay has paused itself, with all runs of its canary there.
    """

    type: Literal["ReplayPaused"] = "ReplayPaused"
    replay_id: str
    canary: bool = False


class ReplayResumed(_Record):
    """Executors go on."""

    type: Literal["ReplayResumed"] = "ReplayResumed"
    replay_id: str


class ReplayCancelled(_Record):
    """The replay ends here; what it corrected stays."""

    type: Literal["ReplayCancelled"] = "ReplayCancelled"
    replay_id: str


class ReplayCompleted(_Record):
    """Every chunk has its run, and every reader can see its outputs."""

    type: Literal["ReplayCompleted"] = "ReplayCompleted"
    replay_id: str
    certificate: Digest


Record = Annotated[
    ModelRegistered
    | ModelPromoted
    | ModelRevoked
    | ReplayRequested
    | ReplayPaused
    | ReplayResumed
    | ReplayCancelled
    | ReplayCompleted,
    Field(discriminator="type"),
]
_ADAPTER: Final[TypeAdapter[Record]] = TypeAdapter(Record)


def encode(record: Record) -> bytes:
    """The record as it stands on the ledger; what nobody set is left out."""
    absent = {name for name in ("rate", "canary_chunks", "canary") if not getattr(record, name, 1)}
    return record.model_dump_json(exclude=absent).encode()


def decode(value: bytes | None) -> Record:
    """Read one record of the ledger; unknown fields are ignored.

    Raises:
        UnreadableLedgerError: it is not one of the records that this version knows.
    """
    try:
        return _ADAPTER.validate_json(value or b"")
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "record"
        raise UnreadableLedgerError(
            f"a record of the ledger cannot be read ({place}: {first['msg']}); "
            "is this version of creneau older than the one that wrote it?"
        ) from error
