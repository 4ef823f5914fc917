"""A consumer group: who is in it, what it has committed, and what is pending.

Kafka fences by the group's generation and the member, not by the partition: a member may commit
any partition. An offset sent to a transaction is pending until the marker reaches the group.
"""

from collections.abc import Iterator
from functools import cache

from .rules import Rule, Rules
from .state import (
    ABORTING,
    ASSIGNED,
    COMMITTING,
    OFFSETS,
    OPEN,
    Committed,
    Process,
    State,
    Step,
    name,
    with_committed,
    with_process,
)


def pending(state: State, group: int, partition: int) -> bool:
    """Whether a transaction holds an offset of this partition that is not yet settled."""
    for process in state.processes:
        transaction = process.transaction
        if (
            process.group == group
            and transaction is not None
            and transaction.phase != OPEN
            and OFFSETS in transaction.unmarked
            and any(p == partition for p, _ in transaction.offsets)
        ):
            return True
    return False


def commit(state: State, group: int, partition: int, committed: Committed) -> State:
    """Commit an offset outside of any transaction: what is pending is older and will not apply."""
    for i, process in enumerate(state.processes):
        transaction = process.transaction
        if process.group == group and transaction is not None and transaction.phase != OPEN:
            offsets = tuple((p, None if p == partition else c) for p, c in transaction.offsets)
            superseded = transaction._replace(offsets=offsets)
            state = with_process(state, i, process._replace(transaction=superseded))
    return with_committed(state, group, partition, committed)


def rebalance(state: State, rules: Rules, group: int) -> Iterator[Step]:
    """Every rebalance of a group: any members take part, whoever does not is put out.

    A participant has run its revocation callback, so it has no open transaction. The one that is
    put out may be dead, or stopped with a transaction open, and come back at any time.
    """
    ready = [
        i
        for i, process in enumerate(state.processes)
        if process.group == group and _callback_returned(process, rules)
    ]
    for assignment in _assignments(tuple(ready), len(state.groups[group])):
        after = state
        for i, process in enumerate(state.processes):
            if process.group == group:
                after = with_process(after, i, _reassigned(process, i, assignment))
        spoken = ", ".join(f"{p} to {name(state, i)}" for p, i in enumerate(assignment))
        what = "partition" if group == 0 else "tasks"
        yield f"rebalance: {what} {spoken}", after


def _callback_returned(process: Process, rules: Rules) -> bool:
    if process.transaction is None or process.transaction.phase in (COMMITTING, ABORTING):
        return True
    return process.transaction.phase == OPEN and Rule.BATCH_BOUND_TO_GENERATION not in rules


@cache
def _assignments(ready: tuple[int, ...], partitions: int) -> tuple[tuple[int, ...], ...]:
    """Which process gets each partition: all to one, or dealt out in turn, starting anywhere."""
    alone = [(i,) * partitions for i in ready]
    if len(ready) < 2 or partitions < 2:
        return tuple(alone)
    dealt = [
        tuple(ready[(start + p) % len(ready)] for p in range(partitions))
        for start in range(len(ready))
    ]
    return tuple(alone + dealt)


def _reassigned(process: Process, i: int, assignment: tuple[int, ...]) -> Process:
    transaction = process.transaction
    if transaction is not None and transaction.phase == OPEN:
        transaction = transaction._replace(bound=False)
    if i not in assignment:
        return process._replace(member=False, transaction=transaction)
    holdings = tuple(ASSIGNED if owner == i else None for owner in assignment)
    return process._replace(member=True, holdings=holdings, transaction=transaction)


def empty_group(state: State, group: int) -> State:
    """The state once no process is a member: all left, died, or are stopped for too long."""
    for i, process in enumerate(state.processes):
        if process.group == group:
            transaction = process.transaction
            if transaction is not None and transaction.phase == OPEN:
                transaction = transaction._replace(bound=False)
            out = process._replace(member=False, transaction=transaction)
            state = with_process(state, i, out)
    return state
