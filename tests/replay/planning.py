"""What a planner makes of a history, with Kafka's part of it done in plain Python."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from ledger.in_force import open_run
from ledger.records import Scope, Selection
from ledger.runs import Run
from replay.knowledge import refuse_unexplained
from replay.observed import Window
from replay.plan import Plan, affected_ranges, cut, make_plan
from replay.to_scan import ranges_to_scan
from tests.ledger.build import START
from tests.replay.history import Event, History
from tests.replay.partition import STEP


class Chosen(NamedTuple):
    """What an operator selects; None: no limit. Moments are those of ``History.clock``."""

    partitions: tuple[int, ...] | None = None
    start: int | None = None
    end: int | None = None

    @property
    def scope(self) -> Scope:
        if self == Chosen():
            return "all"
        start, end = (None if at is None else START + timedelta(minutes=at) for at in self[1:])
        return Selection(partitions=self.partitions, published_from=start, published_to=end)

    def events(self, life: History) -> set[Event]:
        """The events that it means, each by itself."""
        return {
            (number, place * STEP)
            for number, one in enumerate(life.partitions)
            for place, moment in enumerate(one.published)
            if (self.partitions is None or number in self.partitions)
            and (self.start is None or self.start <= moment)
            and (self.end is None or moment < self.end)
        }

    def offsets(self, life: History) -> dict[int, tuple[int, int]]:
        """The ranges that it means, as Kafka answers for times."""
        numbers = range(len(life.partitions)) if self.partitions is None else self.partitions
        chosen = {number: life.partitions[number] for number in numbers}
        return {
            number: (
                0 if self.start is None else one.first_at(self.start),
                one.end if self.end is None else one.first_at(self.end),
            )
            for number, one in chosen.items()
        }


@dataclass(frozen=True)
class Known:
    """What a planner knows: closed runs, open runs and what a scan sees; and of the outputs
    alone."""

    runs: list[Run]
    held: list[Run]


def plan(
    life: History,
    from_models: frozenset[str],
    chosen: Chosen,
    chunk_offsets: int,
    canary: float | None,
) -> Plan:
    """Fence and plan.

    Raises:
        UnexplainedGapError: an operator has moved the group past events.
    """
    life.acknowledge_all()
    seen = known(life, refuse=True)
    ranges = affected_ranges(seen.runs, from_models, seen.held)
    if chosen != Chosen():
        ranges = cut(ranges, chosen.offsets(life))
    return make_plan(ranges, life.fences(), chunk_offsets=chunk_offsets, canary=canary)


def known(life: History, *, refuse: bool = False) -> Known:
    """``refuse``: unless an event below the fence has no outcome."""
    runs = [*life.runs, *_open_runs(life)]
    windows = list(_scan(life, runs))
    for window in windows if refuse else ():
        own = [run for run in runs if run.source_partition == window.partition]
        refuse_unexplained(window, own, life.fences()[window.partition])
    return Known(
        runs + [run for window in windows for run in window.runs()],
        [run for window in windows for run in window.held()],
    )


def _open_runs(life: History) -> Iterator[Run]:
    for partition, one in enumerate(life.partitions):
        offset, metadata = one.committed.offset, one.open_run
        if offset is not None and metadata is not None:
            run = open_run(partition, offset, metadata, life.state)
            if not run.empty:
                yield run


def _scan(life: History, runs: list[Run]) -> Iterator[Window]:
    ends = {number: one.end for number, one in enumerate(life.partitions)}
    firsts = {number: one.first_outcome() for number, one in enumerate(life.partitions)}
    earliest = {number: first for number, first in firsts.items() if first is not None}
    for partition, ranges in ranges_to_scan(runs, life.fences(), ends, earliest).items():
        one = life.partitions[partition]
        for start, end in ranges:
            window = Window(partition, start, end)
            window.mark_records(one.offsets(start, end))
            for outcome in one.outcomes:
                window.see(outcome)
            yield window
