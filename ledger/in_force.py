"""The in-force map: for each offset of a source partition, the run whose outcome counts there.

Runs are applied in epoch order: a later decision's outcome wins over an earlier one's, exactly as
the reader's rule has it for one offset.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from ledger.fold import LedgerState
from ledger.metadata import CommitMetadata
from ledger.runs import Run


@dataclass(frozen=True, slots=True)
class Segment:
    """Offsets ``[from_offset, to_offset)`` in which the outcomes of ``run`` are in force."""

    from_offset: int
    to_offset: int
    run: Run

    @property
    def whole(self) -> bool:
        """Whether it is the whole run, so that the run's counts are exact for it."""
        return (self.from_offset, self.to_offset) == (self.run.from_offset, self.run.to_offset)

    @property
    def events(self) -> float:
        """How many source records it holds; where the run is cut, an estimate in proportion."""
        length = self.run.to_offset - self.run.from_offset
        return self.run.events * (self.to_offset - self.from_offset) / length


def by_partition(runs: Iterable[Run]) -> dict[int, list[Run]]:
    """The runs of each source partition, in the given order."""
    split: dict[int, list[Run]] = defaultdict(list)
    for run in runs:
        split[run.source_partition].append(run)
    return dict(split)


class _Taken:
    """Which offsets are taken: disjoint ranges in order, no two of them touching."""

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []

    def take(self, start: int, end: int) -> list[tuple[int, int]]:
        """What of ``[start, end)`` was free until now."""
        starts, ends = self.starts, self.ends
        first, last = bisect_left(ends, start), bisect_right(starts, end)
        if start >= end or (first < last and starts[first] <= start and end <= ends[first]):
            return []
        free: list[tuple[int, int]] = []
        position = start
        for place in range(first, last):
            if position < starts[place]:
                free.append((position, starts[place]))
            position = ends[place]
        if position < end:
            free.append((position, end))
        if first < last:
            start, end = min(start, starts[first]), max(end, ends[last - 1])
        starts[first:last], ends[first:last] = [start], [end]
        return free


def segments(runs: Sequence[Run]) -> list[Segment]:
    """The in-force map of one partition: disjoint segments in offset order.

    Of runs at one epoch the later in the log wins. Offsets that no run covers are in no segment.
    Newest first, each run gets what no newer one has taken: after a replay of everything, the many
    older runs cost no more than a look.
    """
    taken = _Taken()
    by_epoch = sorted(runs, key=attrgetter("epoch"))
    found = [
        Segment(start, end, run)
        for run in reversed(by_epoch)
        for start, end in taken.take(run.from_offset, run.to_offset)
    ]
    return sorted(found, key=attrgetter("from_offset"))


def in_force_map(runs: Iterable[Run]) -> dict[int, list[Segment]]:
    """The in-force map of every partition that has a run."""
    return {partition: segments(own) for partition, own in by_partition(runs).items()}


def merged(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The union of ``[from, to)`` ranges: disjoint, in order, neighbours merged."""
    union: list[tuple[int, int]] = []
    for start, end in sorted(one for one in ranges if one[0] < one[1]):
        if union and start <= union[-1][1]:
            union[-1] = (union[-1][0], max(union[-1][1], end))
        else:
            union.append((start, end))
    return union


def without(
    ranges: Iterable[tuple[int, int]], taken: Iterable[tuple[int, int]]
) -> list[tuple[int, int]]:
    """What of ``ranges`` lies outside ``taken``."""
    left: list[tuple[int, int]] = []
    cuts = merged(taken)
    for start, end in merged(ranges):
        for cut_start, cut_end in cuts:
            if cut_end <= start or cut_start >= end:
                continue
            if cut_start > start:
                left.append((start, cut_start))
            start = max(start, cut_end)
        if start < end:
            left.append((start, end))
    return left


def ranges_of(
    map_of_partition: Sequence[Segment], chosen: Callable[[Run], bool]
) -> list[tuple[int, int]]:
    """The offsets of the segments whose run is ``chosen``, neighbours merged."""
    return merged((s.from_offset, s.to_offset) for s in map_of_partition if chosen(s.run))


def open_run(partition: int, offset: int, metadata: CommitMetadata, state: LedgerState) -> Run:
    """The run that a worker has open: up to the committed offset, under its metadata's epoch."""
    return Run(
        source_partition=partition,
        from_offset=metadata.run_from,
        to_offset=offset,
        epoch=metadata.epoch,
        model_version=state.in_force_at_epoch(metadata.epoch),
        scored=metadata.scored,
        dead=metadata.dead,
    )


def gaps(runs: Sequence[Run], fence: int) -> list[tuple[int, int]]:
    """What no run of one partition covers between its first run's start and the fence.

    The expiry of a group's offsets or an operator's reset loses the open run, and so leaves one.
    """
    if not runs:
        return []
    covered = _Taken()
    for run in reversed(runs):
        covered.take(run.from_offset, run.to_offset)
    first = min(map(attrgetter("from_offset"), runs))
    return covered.take(first, fence)


def reset_partitions(runs: Iterable[Run]) -> set[int]:
    """The partitions in which an operator has moved the group."""
    return {run.source_partition for run in runs if run.reset}


Ranges = Mapping[int, Sequence[tuple[int, int]]]
"""Ranges of offsets by source partition."""
