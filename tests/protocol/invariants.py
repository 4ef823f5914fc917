"""What must hold in every state. Each check returns one line on what is broken, or nothing.

Decided transactions count as committed, marked or not, except where the claim is about what a
reader sees. I5 within one log is Kafka's own (one marker per transaction and log); here it stands
for the chunk: it appears once, whole.
"""

from collections.abc import Iterator
from functools import cache

from .decisions import Complete, Ledger, Request, revoked
from .plan import applied, from_outputs, from_runs
from .state import OFFSETS, WORKERS, Committed, Output, Run, State
from .transactions import committing, settled, visible


def violation(state: State) -> str | None:
    """The first invariant that the state breaks."""
    writers = committing(state)
    runs = settled(state.runs, writers)
    for p, log in enumerate(state.outputs):
        outputs = settled(log, writers)
        committed = _committed(state, p)
        touched = state.touched[p]
        broken = (
            (touched != "reset" and (_one_outcome(p, outputs, committed) or _epochs(p, outputs)))
            or (not touched and _maps(p, state.ledger, outputs, runs, committed))
            or _chunks(p, outputs)
            or _replayed(p, state.ledger, outputs, "decided")
            or _replayed(p, state.ledger, visible(log), "read_committed")
            or (touched != "reset" and _fenced(p, state.ledger, state.fences, outputs))
        )
        if broken:
            return broken
    return None


def _committed(state: State, p: int) -> Committed | None:
    """The group's offset of a partition once the decided transactions are marked there."""
    newest = state.groups[WORKERS][p]
    for i in committing(state):
        process = state.processes[i]
        if process.group == WORKERS and process.transaction is not None:
            for partition, committed in process.transaction.offsets:
                if (
                    partition == p
                    and committed is not None
                    and OFFSETS in process.transaction.unmarked
                    and (newest is None or newest.offset <= committed.offset)
                ):
                    newest = committed
    return newest


@cache
def _one_outcome(p: int, outputs: tuple[Output, ...], committed: Committed | None) -> str | None:
    live = [output.offset for output in outputs if not output.replay]
    for k in live:
        if live.count(k) > 1:
            return f"I1: offset {k} of partition {p} has two live outcomes"
    for k in range(0 if committed is None else committed.offset):
        if k not in live:
            return f"I1: offset {k} of partition {p} is below the committed one without outcome"
    return None


@cache
def _epochs(p: int, outputs: tuple[Output, ...]) -> str | None:
    live = [output.epoch for output in outputs if not output.replay]
    if live != sorted(live):
        return f"I2: the epochs of partition {p} go backwards: {live}"
    return None


@cache
def _maps(
    p: int,
    ledger: Ledger,
    outputs: tuple[Output, ...],
    runs: tuple[Run, ...],
    committed: Committed | None,
) -> str | None:
    told = from_runs(ledger, p, runs, committed)
    scanned = from_outputs(outputs)
    if told != scanned:
        return f"I3: partition {p}: the runs say {told}, the outputs {scanned}"
    return None


@cache
def _replayed(p: int, ledger: Ledger, outputs: tuple[Output, ...], seen: str) -> str | None:
    newest: dict[int, tuple[int, str]] | None = None
    for record in ledger:
        if not isinstance(record, Complete):
            continue
        request = record.request
        assert isinstance(ledger[request], Request)
        gone = revoked(ledger, request)
        newest = applied(outputs) if newest is None else newest
        for k, (epoch, model) in newest.items():
            if model in gone:
                return (
                    f"I4: replay {request} is complete and offset {k} of partition {p} "
                    f"({seen}) still has {model} of epoch {epoch}"
                )
    return None


@cache
def _chunks(p: int, outputs: tuple[Output, ...]) -> str | None:
    replayed = [(output.offset, output.epoch) for output in outputs if output.replay]
    for k, epoch in replayed:
        if replayed.count((k, epoch)) > 1:
            return f"I5: offset {k} of partition {p} appears twice in replay {epoch}"
    return None


@cache
def _fenced(
    p: int,
    ledger: Ledger,
    fences: tuple[tuple[int, tuple[int, ...]], ...],
    outputs: tuple[Output, ...],
) -> str | None:
    for revocation, offsets in fences:
        fence = offsets[p] if p < len(offsets) else 0
        gone = revoked(ledger, revocation + 1)
        for k, model in _live(outputs):
            if k >= fence and model in gone:
                return (
                    f"I6: offset {k} of partition {p} is scored by {model}, "
                    f"above the fence {fence} of revocation {revocation}"
                )
    return None


def _live(outputs: tuple[Output, ...]) -> Iterator[tuple[int, str]]:
    return ((output.offset, output.model) for output in outputs if not output.replay)
