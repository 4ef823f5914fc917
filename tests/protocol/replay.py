"""Executors and the completion of a replay."""

from collections.abc import Iterator

from .decisions import Chunk, Complete, Request, active, closed, revoked, tasks
from .group import commit, pending
from .plan import applied
from .rules import Rule, Rules
from .state import (
    ASSIGNED,
    EXECUTORS,
    OFFSETS,
    OPEN,
    RUNS,
    Committed,
    Holding,
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


def take_up(state: State, rules: Rules, i: int) -> Iterator[Step]:
    """An executor fetches the committed task offset."""
    process = state.processes[i]
    if process.holdings[0] != ASSIGNED:
        return
    if Rule.EXECUTOR_REQUIRES_STABLE in rules and pending(state, EXECUTORS, 0):
        return
    committed = state.groups[EXECUTORS][0]
    position = 0 if committed is None else committed.offset
    after = with_holding(process, 0, Holding(position, None, False))
    yield f"{name(state, i)} takes up the tasks at {position}", with_process(state, i, after)


def chunk(
    state: State, rules: Rules, i: int, refused: frozenset[tuple[str, int]]
) -> Iterator[Step]:
    """An executor does its next task, or skips it.

    Its view of the ledger is anything from the request on: a slow one may still do a chunk of a
    replay that was cancelled, or whose replacement was revoked.
    """
    process = state.processes[i]
    holding = process.holdings[0]
    queue = tasks(state.ledger)
    if process.transaction is not None or holding is None or holding == ASSIGNED:
        return
    if holding.position == len(queue):
        return
    request, piece = queue[holding.position]
    done = _has_run(visible(state.runs), request, piece)
    if closed(state.ledger, request) or (done and Rule.DONE_MEANS_RUN in rules):
        yield _skip(state, i, holding.position)
    if not (done and Rule.DONE_MEANS_RUN in rules):
        yield _begin(state, rules, i, request, piece, refused)


def _has_run(runs: tuple[Run, ...], request: int, piece: Chunk) -> bool:
    return any(
        run.replay
        and run.epoch == request
        and (run.partition, run.start, run.end) == (piece.partition, piece.start, piece.end)
        for run in runs
    )


def _skip(state: State, i: int, position: int) -> Step:
    process = state.processes[i]
    if not process.member:
        lost = process._replace(holdings=(None,))
        return f"{name(state, i)}'s task offset is refused", with_process(state, i, lost)
    after = with_holding(process, 0, Holding(position + 1, None, False))
    state = commit(state, EXECUTORS, 0, Committed(position + 1, None))
    return f"{name(state, i)} skips task {position}", with_process(state, i, after)


def _begin(
    state: State,
    rules: Rules,
    i: int,
    request: int,
    piece: Chunk,
    refused: frozenset[tuple[str, int]],
) -> Step:
    """One transaction for the outputs, the run and the task offset."""
    process = state.processes[i]
    holding = process.holdings[0]
    record = state.ledger[request]
    assert isinstance(record, Request)
    assert holding is not None
    p, start, end = piece
    model = record.with_model
    outputs = list(state.outputs)
    silent = _nothing_to_withdraw(visible(outputs[p]), rules)
    outputs[p] += tuple(
        Output(k, request, model, True, (model, k) in refused and k in silent, i)
        for k in range(start, end)
    )
    run = Run(p, start, end, request, model, True, False, i)
    committed = Committed(holding.position + 1, None)
    if Rule.TASK_OFFSET_IN_TRANSACTION in rules:
        transaction = Transaction(OPEN, process.member, ((0, committed),), (p, RUNS, OFFSETS))
    else:
        transaction = Transaction(OPEN, process.member, (), (p, RUNS), ((0, committed),))
    state = state._replace(outputs=tuple(outputs), runs=(*state.runs, run))
    label = f"{name(state, i)} opens a transaction on chunk {p}:[{start},{end}) of replay {request}"
    return label, with_process(state, i, process._replace(transaction=transaction))


def _nothing_to_withdraw(outputs: tuple[Output, ...], rules: Rules) -> set[int]:
    """The offsets that were refused before, on which a replay that refuses them stays silent.

    Its silence is an outcome like a dead letter: it covers the offset, and readers see nothing.
    """
    newest: dict[int, Output] = {}
    for output in outputs:
        if output.offset not in newest or newest[output.offset].epoch <= output.epoch:
            newest[output.offset] = output
    dead = {k for k, output in newest.items() if output.dead}
    return dead - applied(outputs).keys() if Rule.HELD_IS_WITHDRAWN in rules else dead


def completion(state: State, rules: Rules) -> Iterator[Step]:
    """See every run, take the outputs' high watermarks, await them, write the completion."""
    request = active(state.ledger)
    if request is None:
        return
    record = state.ledger[request]
    assert isinstance(record, Request)
    if record.with_model in revoked(state.ledger, len(state.ledger)):
        return
    if state.completing is None:
        runs = visible(state.runs)
        if all(_has_run(runs, request, piece) for piece in record.chunks):
            awaited = tuple(
                sorted((w, p) for p, log in enumerate(state.outputs) for w in unmarked(log))
            )
            if Rule.COMPLETION_AWAITS_MARKERS not in rules:
                awaited = ()
            yield "every chunk's run is seen", state._replace(completing=awaited)
    elif not state.completing:
        ledger = (*state.ledger, Complete(request))
        label = f"ledger {len(state.ledger)}: replay {request} is completed"
        yield label, state._replace(ledger=ledger, completing=None)
