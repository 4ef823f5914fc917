"""Transactions and what a reader sees of them, as far as the protocol leans on Kafka's.

A transaction writes to its logs, offers its offsets to the group (refused to a member of an older
generation), is decided at the coordinator, and only then gets its marker in each log, one by one.
A read_committed reader sees a log up to its first record without a marker.
Records of an aborted transaction leave the model with its markers: nobody can see them again.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import TypeVar

from .group import commit
from .rules import Rule, Rules
from .state import (
    ABORTING,
    ASSIGNED,
    COMMITTING,
    MARKED,
    OFFSETS,
    OPEN,
    OUTPUTS,
    RUNS,
    SENT,
    Output,
    Process,
    Run,
    State,
    Step,
    name,
    with_committed,
    with_holding,
    with_process,
)

Recorded = TypeVar("Recorded", Output, Run)


@cache
def visible(log: tuple[Recorded, ...]) -> tuple[Recorded, ...]:
    """What a read_committed reader sees now: everything before the last stable offset."""
    for i, record in enumerate(log):
        if record.writer != MARKED:
            return log[:i]
    return log


@cache
def settled(log: tuple[Recorded, ...], writers: frozenset[int]) -> tuple[Recorded, ...]:
    """What is committed for good: marked, or written by one of the `writers`."""
    return tuple(r for r in log if r.writer == MARKED or r.writer in writers)


def committing(state: State) -> frozenset[int]:
    """The processes whose transaction is decided and lacks some marker."""
    return frozenset(
        i
        for i, process in enumerate(state.processes)
        if process.transaction is not None and process.transaction.phase == COMMITTING
    )


def unmarked(log: Sequence[Output] | Sequence[Run]) -> frozenset[int]:
    """The writers whose records below the high watermark still await a marker."""
    return frozenset(record.writer for record in log if record.writer != MARKED)


def transactions(state: State, rules: Rules, i: int, late: frozenset[int]) -> Iterator[Step]:
    """Every step that the transaction of process `i` can take next.

    `late`: the kinds of log (OUTPUTS, RUNS, OFFSETS) whose markers may come any time after the
    decision; in the others they come with it, for searches in which nobody could tell.
    """
    process = state.processes[i]
    transaction = process.transaction
    if transaction is None:
        return
    if transaction.phase in (OPEN, SENT):
        # By the process, by the coordinator's time-out, or by the next incarnation's init.
        yield f"the transaction of {name(state, i)} is aborted", _abort(state, i, process, late)
    if transaction.phase == OPEN:
        yield _send(state, rules, i, late)
    elif transaction.phase == SENT:
        yield f"{name(state, i)}'s transaction is committed", _commit(state, i, late)
    elif transaction.phase == ABORTING:
        yield f"the abort markers of {name(state, i)} are written", _mark_aborted(state, i)
    else:
        for log in transaction.unmarked:
            yield f"{name(state, i)}'s marker reaches {_log(log)}", _mark(state, i, log)
        if transaction.late:
            yield f"{name(state, i)} writes what it kept for later", _write_late(state, i)


def _log(log: int) -> str:
    return {RUNS: "the runs", OFFSETS: "the group"}.get(log, f"outputs {log}")


def _abort(state: State, i: int, process: Process, late: frozenset[int]) -> State:
    transaction = process.transaction
    assert transaction is not None
    logs = transaction.unmarked
    if transaction.phase == OPEN:  # the group has not heard of it
        logs = tuple(log for log in logs if log != OFFSETS)
    aborting = transaction._replace(phase=ABORTING, bound=True, unmarked=logs, late=())
    state = with_process(state, i, process._replace(transaction=aborting))
    return state if any(min(log, OUTPUTS) in late for log in logs) else _mark_aborted(state, i)


def _send(state: State, rules: Rules, i: int, late: frozenset[int]) -> Step:
    process = state.processes[i]
    transaction = process.transaction
    assert transaction is not None
    bound = transaction.bound or Rule.BATCH_BOUND_TO_GENERATION not in rules
    alone = OFFSETS not in transaction.unmarked
    if alone or (process.member and bound):
        sent = transaction._replace(phase=SENT, bound=True)
        label = f"{name(state, i)} sends its offsets to the transaction"
        return label, with_process(state, i, process._replace(transaction=sent))
    lost = process._replace(member=False, holdings=(None,) * len(process.holdings))
    return f"{name(state, i)}'s offsets are refused: not a member", _abort(state, i, lost, late)


def _commit(state: State, i: int, late: frozenset[int]) -> State:
    process = state.processes[i]
    transaction = process.transaction
    assert transaction is not None
    for partition, committed in transaction.offsets:
        held = process.holdings[partition]
        if committed is not None and held is not None and held != ASSIGNED:
            process = with_holding(
                process,
                partition,
                held._replace(position=committed.offset, meta=committed.meta, anew=False),
            )
    decided = transaction._replace(phase=COMMITTING)
    state = with_process(state, i, process._replace(transaction=decided))
    for log in transaction.unmarked:
        if min(log, OUTPUTS) not in late:
            state = _mark(state, i, log)
    return state


def _mark(state: State, i: int, log: int) -> State:
    process = state.processes[i]
    transaction = process.transaction
    assert transaction is not None
    if log == OFFSETS:
        for partition, committed in transaction.offsets:
            if committed is not None:
                state = with_committed(state, process.group, partition, committed)
    else:
        state = _rewrite(state, i, log, keep=True)
    left = tuple(other for other in transaction.unmarked if other != log)
    after = transaction._replace(unmarked=left) if left or transaction.late else None
    return with_process(state, i, process._replace(transaction=after))


def _mark_aborted(state: State, i: int) -> State:
    process = state.processes[i]
    assert process.transaction is not None
    for log in process.transaction.unmarked:
        if log != OFFSETS:
            state = _rewrite(state, i, log, keep=False)
    return with_process(state, i, process._replace(transaction=None))


def _rewrite(state: State, i: int, log: int, *, keep: bool) -> State:
    """Put the marker of process `i` into one log; whoever awaited it there awaits it no longer."""
    command = state.command
    completing = state.completing
    if completing:
        completing = tuple(awaited for awaited in completing if awaited != (i, log))
    if command.awaits:
        command = command._replace(awaits=tuple(a for a in command.awaits if a != (i, log)))
    state = state._replace(command=command, completing=completing)
    if log == RUNS:
        return state._replace(runs=_marked(state.runs, i, keep))
    outputs = state.outputs
    rewritten = _marked(outputs[log], i, keep)
    return state._replace(outputs=(*outputs[:log], rewritten, *outputs[log + 1 :]))


def _marked(records: Iterable[Recorded], i: int, keep: bool) -> tuple[Recorded, ...]:
    return tuple(
        record._replace(writer=MARKED) if record.writer == i else record
        for record in records
        if keep or record.writer != i
    )


def _write_late(state: State, i: int) -> State:
    process = state.processes[i]
    transaction = process.transaction
    assert transaction is not None
    late, *rest = transaction.late
    if isinstance(late, Run):
        state = state._replace(runs=(*state.runs, late))
    elif process.member:
        state = commit(state, process.group, late[0], late[1])
    after = transaction._replace(late=tuple(rest)) if rest or transaction.unmarked else None
    return with_process(state, i, state.processes[i]._replace(transaction=after))
