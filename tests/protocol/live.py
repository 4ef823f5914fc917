"""Live scoring: what a worker does between two rebalances."""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from .decisions import epochs, in_force
from .group import pending
from .rules import Rule, Rules
from .state import (
    ASSIGNED,
    MARKED,
    OFFSETS,
    OPEN,
    RUNS,
    WORKERS,
    Committed,
    Holding,
    Meta,
    Output,
    Run,
    State,
    Step,
    Transaction,
    name,
    with_holding,
    with_process,
)
from .transactions import unmarked, visible


class Events(NamedTuple):
    """The source: events per partition, and the (model, offset) that become dead letters."""

    totals: tuple[int, ...]
    refused: frozenset[tuple[str, int]]


def take_up(state: State, rules: Rules, i: int) -> Iterator[Step]:
    """A worker fetches the committed offset of a partition assigned to it, and the ledger."""
    process = state.processes[i]
    for p, holding in enumerate(process.holdings):
        if holding != ASSIGNED:
            continue
        if Rule.WORKER_REQUIRES_STABLE in rules and pending(state, WORKERS, p):
            continue
        held = _starting_point(state, rules, p)
        if held is None:
            continue
        epoch = process.epoch
        if Rule.FRESH_LEDGER in rules:
            epoch = epochs(state.ledger)[-1]
        if Rule.AWAIT_METADATA_EPOCH in rules and held.meta is not None:
            epoch = max(epoch, held.meta.epoch)
        after = with_holding(process._replace(epoch=epoch), p, held)
        label = f"{name(state, i)} takes up partition {p} at {held.position}"
        yield label, with_process(state, i, after)


def _starting_point(state: State, rules: Rules, p: int) -> Holding | None:
    """Where to go on; None while the outputs cannot be read to their end."""
    committed = state.groups[WORKERS][p]
    if committed is not None:
        anew = committed.meta is None and Rule.RESET_IS_RECORDED in rules
        return Holding(committed.offset, committed.meta, anew)
    if Rule.EXPIRY_IS_RECOVERED not in rules:
        return Holding(0, None, False)
    if unmarked(state.outputs[p]):
        return None
    live = [output.offset for output in visible(state.outputs[p]) if not output.replay]
    position = max(live) + 1 if live else 0
    return Holding(position, None, position > 0 and Rule.EXPIRY_IS_RECORDED in rules)


def batch(state: State, rules: Rules, i: int, events: Events, joint: bool) -> Iterator[Step]:
    """A worker opens a transaction on what it holds, under any epoch it may have learnt of.

    `joint`: on all its partitions at once, as the product does; else on one at a time, which has
    the same races and fewer states. No events and a new epoch: the idle acknowledgement.
    """
    process = state.processes[i]
    if process.transaction is not None:
        return
    held = [p for p, h in enumerate(process.holdings) if h is not None and h != ASSIGNED]
    for epoch in epochs(state.ledger):
        if epoch < process.epoch:
            continue
        sizes = {p: _sizes(state, rules, i, p, epoch, events.totals[p]) for p in held}
        if joint:
            for combination in product(*(sizes[p] or (0,) for p in held)):
                parts = tuple(
                    (p, n) for p, n in zip(held, combination, strict=True) if n in sizes[p]
                )
                if parts:
                    yield _begin(state, rules, i, epoch, parts, events.refused)
        else:
            for p in held:
                for n in sizes[p]:
                    yield _begin(state, rules, i, epoch, ((p, n),), events.refused)


def _sizes(state: State, rules: Rules, i: int, p: int, epoch: int, events: int) -> tuple[int, ...]:
    """How many events a batch may take from a partition; 0 is an acknowledgement."""
    holding = state.processes[i].holdings[p]
    assert holding is not None
    most = events - holding.position if in_force(state.ledger, epoch) is not None else 0
    moved = holding.meta is None or holding.meta.epoch != epoch
    least = 0 if moved and Rule.IDLE_ACKNOWLEDGES in rules else 1
    return tuple(range(least, most + 1))


def _begin(
    state: State,
    rules: Rules,
    i: int,
    epoch: int,
    parts: tuple[tuple[int, int], ...],
    refused: frozenset[tuple[str, int]],
) -> Step:
    """Open a transaction with `n` events of each partition, all under one epoch."""
    process = state.processes[i]
    model = in_force(state.ledger, epoch)
    logs: list[int] = []
    runs: list[Run] = []
    offsets: list[tuple[int, Committed | None]] = []
    late: list[Run | tuple[int, Committed]] = []
    outputs = list(state.outputs)
    for p, n in parts:
        holding = process.holdings[p]
        assert holding is not None
        start = holding.position
        if n:
            outputs[p] += tuple(
                Output(k, epoch, str(model), False, (model, k) in refused, i)
                for k in range(start, start + n)
            )
            logs.append(p)
        runs.extend(_closed_run(state, holding, p, epoch, i))
        meta = _metadata(holding, epoch)
        if Rule.METADATA_IN_TRANSACTION in rules:
            offsets.append((p, Committed(start + n, meta)))
        else:
            offsets.append((p, Committed(start + n, holding.meta)))
            if meta != holding.meta:
                late.append((p, Committed(start + n, meta)))
    if Rule.RUN_IN_TRANSACTION not in rules:
        late.extend(run._replace(writer=MARKED) for run in runs)
        runs = []
    if runs:
        logs.append(RUNS)
    transaction = Transaction(OPEN, process.member, tuple(offsets), (*logs, OFFSETS), tuple(late))
    after = process._replace(epoch=epoch, transaction=transaction)
    state = state._replace(outputs=tuple(outputs), runs=(*state.runs, *runs))
    spoken = ", ".join(f"{n} of partition {p}" for p, n in parts)
    label = f"{name(state, i)} opens a transaction: {spoken} under epoch {epoch} ({model})"
    return label, with_process(state, i, after)


def _metadata(holding: Holding, epoch: int) -> Meta:
    if holding.meta is not None and holding.meta.epoch == epoch:
        return holding.meta
    return Meta(epoch, holding.position)


def _closed_run(state: State, holding: Holding, p: int, epoch: int, i: int) -> Iterator[Run]:
    """The run that ends as the epoch moves; or the mark of a partition that begins anew."""
    start, meta = holding.position, holding.meta
    if meta is None:
        if holding.anew:
            yield Run(p, start, start, epoch, "", False, True, i)
    elif meta.epoch != epoch and meta.run_from < start:
        model = in_force(state.ledger, meta.epoch)
        yield Run(p, meta.run_from, start, meta.epoch, str(model), False, False, i)
