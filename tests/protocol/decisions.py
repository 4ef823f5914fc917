"""The ledger of the model: its records and the pure folds over them. An epoch is an index in it."""

from functools import cache
from typing import NamedTuple


class Chunk(NamedTuple):
    """Source offsets `[start, end)` of one partition, to be scored again."""

    partition: int
    start: int
    end: int


class Promote(NamedTuple):
    model: str


class Revoke(NamedTuple):
    models: tuple[str, ...]
    replacement: str | None


class Request(NamedTuple):
    """A replay; `from_models` is what its certificate will speak of."""

    from_models: tuple[str, ...]
    with_model: str
    chunks: tuple[Chunk, ...]


class Cancel(NamedTuple):
    request: int


class Complete(NamedTuple):
    request: int


Record = Promote | Revoke | Request | Cancel | Complete
Ledger = tuple[Record, ...]


@cache
def epochs(ledger: Ledger) -> tuple[int, ...]:
    """Every epoch of live scoring: the index of each promotion and revocation."""
    return tuple(i for i, record in enumerate(ledger) if isinstance(record, Promote | Revoke))


@cache
def in_force(ledger: Ledger, epoch: int) -> str | None:
    """The model in force under `epoch`; None while a revocation without replacement pauses."""
    model: str | None = None
    for record in ledger[: epoch + 1]:
        if isinstance(record, Promote):
            model = record.model
        elif isinstance(record, Revoke) and model in record.models:
            model = record.replacement
    return model


@cache
def revoked(ledger: Ledger, before: int) -> frozenset[str]:
    """Every model revoked by the first `before` records."""
    return frozenset(
        model for record in ledger[:before] if isinstance(record, Revoke) for model in record.models
    )


@cache
def tasks(ledger: Ledger) -> tuple[tuple[int, Chunk], ...]:
    """The replay-tasks topic, one partition: (request, chunk), written with each request."""
    return tuple(
        (i, chunk)
        for i, record in enumerate(ledger)
        if isinstance(record, Request)
        for chunk in record.chunks
    )


@cache
def closed(ledger: Ledger, request: int) -> bool:
    """Whether the replay was completed or cancelled."""
    return any(isinstance(r, Cancel | Complete) and r.request == request for r in ledger)


@cache
def active(ledger: Ledger) -> int | None:
    """The one replay that is neither completed nor cancelled."""
    for i, record in enumerate(ledger):
        if isinstance(record, Request) and not closed(ledger, i):
            return i
    return None
