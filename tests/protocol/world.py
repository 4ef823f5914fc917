"""What happens to the system from outside: crashes, resets, expiry, a partition added."""

from collections.abc import Iterator

from .group import commit, empty_group, pending
from .state import (
    COMMITTING,
    EXECUTORS,
    OPEN,
    SENT,
    WORKERS,
    Committed,
    State,
    Step,
    name,
    with_committed,
    with_process,
)


def crash(state: State, i: int) -> Iterator[Step]:
    """A process dies and is started again with an empty memory.

    Its new incarnation first ends the transaction of the old one, so only a decided one may be
    left. A process that dies and never comes back is one that never moves again.
    """
    process = state.processes[i]
    transaction = process.transaction
    if state.crashes == 0 or (transaction is not None and transaction.phase in (OPEN, SENT)):
        return
    if transaction is not None:
        transaction = transaction._replace(late=()) if transaction.unmarked else None
    nothing = (None,) * len(process.holdings)
    fresh = process._replace(epoch=0, member=False, holdings=nothing, transaction=transaction)
    state = state._replace(crashes=state.crashes - 1)
    yield f"{name(state, i)} dies and starts again", with_process(state, i, fresh)


def reset(state: State, events: tuple[int, ...]) -> Iterator[Step]:
    """An operator moves the group's offset of a partition while the group is empty."""
    if state.resets == 0:
        return
    emptied = empty_group(state, WORKERS)._replace(resets=state.resets - 1)
    for p in range(len(state.touched)):
        for offset in range(events[p] + 1):
            after = commit(emptied, WORKERS, p, Committed(offset, None))
            after = after._replace(touched=_touched_as(state, p, "reset"))
            yield f"the operator moves partition {p} to {offset}", after


def _touched_as(state: State, p: int, how: str) -> tuple[str, ...]:
    """The partitions' marks with one more: a reset outweighs an expiry."""
    marks = state.touched
    if marks[p] == "reset":
        return marks
    return (*marks[:p], how, *marks[p + 1 :])


def expire(state: State) -> Iterator[Step]:
    """The offsets of a group empty for a week vanish; by then every marker is written."""
    if state.expiries == 0:
        return
    for group, what in ((WORKERS, "workers'"), (EXECUTORS, "executors'")):
        partitions = range(len(state.groups[group]))
        if all(state.groups[group][p] is None for p in partitions) or _busy(state, group):
            continue
        after = empty_group(state, group)._replace(expiries=state.expiries - 1)
        for p in partitions:
            after = with_committed(after, group, p, None)
            if group == WORKERS:
                after = after._replace(touched=_touched_as(after, p, "expired"))
        yield f"the {what} offsets expire", after


def _busy(state: State, group: int) -> bool:
    return any(pending(state, group, p) for p in range(len(state.groups[group]))) or any(
        process.group == group
        and process.transaction is not None
        and process.transaction.phase == COMMITTING
        for process in state.processes
    )


def add_partition(state: State) -> Iterator[Step]:
    """The source topic grows; the group learns of it at its next rebalance."""
    if state.additions == 0:
        return
    workers = tuple(
        process._replace(holdings=(*process.holdings, None))
        if process.group == WORKERS
        else process
        for process in state.processes
    )
    grown = state._replace(
        processes=workers,
        outputs=(*state.outputs, ()),
        groups=((*state.groups[WORKERS], None), state.groups[EXECUTORS]),
        touched=(*state.touched, ""),
        additions=state.additions - 1,
    )
    yield f"partition {len(state.outputs)} is added", grown
