"""The in-force map: for each offset of a source partition, the run whose outcome counts there.

Runs are applied in epoch order: a later decision's outcome wins over an earlier one's, exactly as
the reader's rule has it for one offset.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

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


def segments(runs: Sequence[Run]) -> list[Segment]:
    """The in-force map of one partition: disjoint segments in offset order.

    Of runs at one epoch the later in the log wins. Offsets that no run covers are in no segment.
    """
    starts = sorted((run.from_offset, place) for place, run in enumerate(runs) if not run.empty)
    edges = sorted({edge for run in runs for edge in (run.from_offset, run.to_offset)})
    open_runs: list[tuple[int, int]] = []
    found: list[Segment] = []
    following = 0
    for left, right in pairwise(edges):
        while following < len(starts) and starts[following][0] <= left:
            place = starts[following][1]
            heapq.heappush(open_runs, (-runs[place].epoch, -place))
            following += 1
        while open_runs and runs[-open_runs[0][1]].to_offset <= left:
            heapq.heappop(open_runs)
        if open_runs:
            _extend(found, left, right, runs[-open_runs[0][1]])
    return found


def _extend(found: list[Segment], left: int, right: int, run: Run) -> None:
    if found and found[-1].run is run and found[-1].to_offset == left:
        left = found.pop().from_offset
    found.append(Segment(left, right, run))


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
    covered = [(run.from_offset, run.to_offset) for run in runs]
    if not covered:
        return []
    first = min(start for start, _ in covered)
    return without([(first, fence)], covered)


def reset_partitions(runs: Iterable[Run]) -> set[int]:
    """The partitions in which an operator has moved the group."""
    return {run.source_partition for run in runs if run.reset}


Ranges = Mapping[int, Sequence[tuple[int, int]]]
"""Ranges of offsets by source partition."""
