"""One state of the world: immutable, hashable, with nothing in it that does not matter."""

from typing import NamedTuple

from .decisions import Ledger

# The logs a transaction can touch: a partition of the outputs by its number, and these two.
OUTPUTS = 0
RUNS = -1
OFFSETS = -2

# The groups.
WORKERS = 0
EXECUTORS = 1

# Phases of a transaction. ABORTING and COMMITTING are decided at the coordinator; their markers
# are still to be written to the logs.
OPEN, SENT, COMMITTING, ABORTING = range(4)

# In place of the writer of a record: the marker of its transaction has been written to this log.
MARKED = -1


class Meta(NamedTuple):
    """Commit metadata: the epoch, and where the open run starts."""

    epoch: int
    run_from: int


class Committed(NamedTuple):
    """What the group knows of a partition; `meta` is None after an operator's reset."""

    offset: int
    meta: Meta | None


class Output(NamedTuple):
    """One outcome of a source event, in the partition of its number.

    `dead`: a dead letter, after which a reader goes on holding what it held; a replay's is its
    silence on an event that was dead already. Where a replay withdraws, that is an output.
    """

    offset: int
    epoch: int
    model: str
    replay: bool
    dead: bool
    writer: int


class Run(NamedTuple):
    """A closed run `[start, end)`; `reset` marks the place where a partition begins anew."""

    partition: int
    start: int
    end: int
    epoch: int
    model: str
    replay: bool
    reset: bool
    writer: int


class Holding(NamedTuple):
    """What a process knows of a partition that it holds; `anew`: it begins at a reset."""

    position: int
    meta: Meta | None
    anew: bool


# Assigned by the group; the committed offset has not been fetched yet.
ASSIGNED = Holding(-1, None, False)


class Transaction(NamedTuple):
    """`bound`: the generation its group metadata came from is still the group's.

    `offsets` holds (partition, what to commit), None where something newer has been committed
    since; `unmarked` the logs that still await the marker; `late` what follows outside of the
    transaction when the rule that puts it inside is taken out.
    """

    phase: int
    bound: bool
    offsets: tuple[tuple[int, Committed | None], ...]
    unmarked: tuple[int, ...]
    late: tuple[Run | tuple[int, Committed], ...] = ()


class Process(NamedTuple):
    """A worker or an executor.

    `epoch` is the newest decision it is certain to have seen (it may know more at any moment);
    `member`: the group would accept its commits. A process that is no member and still holds
    partitions is a zombie: stopped, or not yet aware that it was put out.
    """

    group: int
    epoch: int
    member: bool
    holdings: tuple[Holding | None, ...]
    transaction: Transaction | None


class Command(NamedTuple):
    """The operator's command: where it is in its script, and what it has learnt.

    `listed`: partitions it awaits; `fences`: the last fences it saw; `awaits`: (writer, log) of
    the transactions below the high watermarks it took, whose markers it must see first.
    """

    step: int
    listed: int
    revocation: int
    fences: tuple[Committed | None, ...]
    awaits: tuple[tuple[int, int], ...]


class State(NamedTuple):
    """`fences` keeps (revocation, fence by partition) for ever: invariants speak of them.

    `completing`: None, or the (writer, partition) awaited before the completion is written.
    `touched`: partitions whose committed offsets expired or were reset. `budgets`: resets,
    expiries, crashes and partitions that may still come.
    """

    ledger: Ledger
    processes: tuple[Process, ...]
    outputs: tuple[tuple[Output, ...], ...]
    runs: tuple[Run, ...]
    groups: tuple[tuple[Committed | None, ...], ...]
    command: Command
    completing: tuple[tuple[int, int], ...] | None
    fences: tuple[tuple[int, tuple[int, ...]], ...]
    touched: tuple[str, ...]
    resets: int
    expiries: int
    crashes: int
    additions: int


# What happened, in words, and the state after it.
Step = tuple[str, State]


def name(state: State, i: int) -> str:
    """A process by its role and number."""
    return f"{'worker' if state.processes[i].group == 0 else 'executor'} {i}"


def with_process(state: State, i: int, process: Process) -> State:
    """The state with process `i` replaced."""
    processes = state.processes
    return state._replace(processes=(*processes[:i], process, *processes[i + 1 :]))


def with_holding(process: Process, partition: int, holding: Holding | None) -> Process:
    """The process with what it knows of a partition replaced."""
    held = process.holdings
    return process._replace(holdings=(*held[:partition], holding, *held[partition + 1 :]))


def with_committed(state: State, group: int, partition: int, committed: Committed | None) -> State:
    """The state with a group's committed offset replaced."""
    offsets = state.groups[group]
    offsets = (*offsets[:partition], committed, *offsets[partition + 1 :])
    groups = state.groups
    return state._replace(groups=(*groups[:group], offsets, *groups[group + 1 :]))
