"""A scenario: how the world begins, what may happen in it, and what must stay reachable."""

from collections.abc import Iterator
from dataclasses import dataclass

from . import command, live, replay, world
from .command import Script
from .decisions import Ledger, Promote, active
from .group import rebalance
from .rules import Rules
from .state import (
    EXECUTORS,
    OFFSETS,
    OUTPUTS,
    RUNS,
    WORKERS,
    Command,
    Committed,
    Output,
    Process,
    Run,
    State,
    Step,
)
from .transactions import transactions


@dataclass(frozen=True)
class Scenario:
    """The bounds of one search.

    `events`: source events per partition, those added later included; `partitions`: how many
    there are at first; `script`: what the operator's command does; `chunk`: offsets per chunk;
    `joint`: workers score all their partitions in one transaction.
    `ledger`, `outputs`, `committed` set the scene where live scoring is over and done with.
    """

    name: str
    covers: str
    script: Script
    events: tuple[int, ...]
    partitions: int = 1
    workers: int = 2
    executors: int = 0
    chunk: int = 2
    joint: bool = False
    refused: frozenset[tuple[str, int]] = frozenset()
    late: frozenset[int] = frozenset({OUTPUTS, RUNS, OFFSETS})
    resets: int = 0
    expiries: int = 0
    crashes: int = 0
    additions: int = 0
    ledger: Ledger = (Promote("A"),)
    outputs: tuple[tuple[Output, ...], ...] = ()
    runs: tuple[Run, ...] = ()
    committed: tuple[Committed | None, ...] = ()
    task_offset: int = 0
    at_least: int = 1


def beginning(scenario: Scenario) -> State:
    """The first state: every process is started, nobody holds a partition yet."""
    n = scenario.partitions
    workers = (Process(WORKERS, 0, False, (None,) * n, None),) * scenario.workers
    executors = (Process(EXECUTORS, 0, False, (None,), None),) * scenario.executors
    return State(
        ledger=scenario.ledger,
        processes=workers + executors,
        outputs=scenario.outputs or ((),) * n,
        runs=scenario.runs,
        groups=(scenario.committed or (None,) * n, (Committed(scenario.task_offset, None),)),
        command=Command(0, n, len(scenario.ledger) - 1, (), ()),
        completing=None,
        fences=(),
        touched=("",) * n,
        resets=scenario.resets,
        expiries=scenario.expiries,
        crashes=scenario.crashes,
        additions=scenario.additions,
    )


def successors(scenario: Scenario, rules: Rules, state: State) -> Iterator[Step]:
    """Every (label, state) that can follow."""
    events = live.Events(scenario.events, scenario.refused)
    for i, process in enumerate(state.processes):
        yield from transactions(state, rules, i, scenario.late)
        yield from world.crash(state, i)
        if process.group == WORKERS:
            yield from live.take_up(state, rules, i)
            yield from live.batch(state, rules, i, events, scenario.joint)
        else:
            yield from replay.take_up(state, rules, i)
            yield from replay.chunk(state, rules, i, scenario.refused)
    if scenario.workers:
        yield from rebalance(state, rules, WORKERS)
    if scenario.executors:
        yield from rebalance(state, rules, EXECUTORS)
        yield from replay.completion(state, rules)
    yield from world.reset(state, scenario.events)
    yield from world.expire(state)
    yield from world.add_partition(state)
    yield from command.steps(state, rules, scenario.script, scenario.chunk)


def reached(scenario: Scenario, state: State) -> bool:
    """Whether the command is through, and its replays completed or cancelled."""
    return state.command.step == len(scenario.script) and active(state.ledger) is None
