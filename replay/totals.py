"""What a replay's counts must add up to, known from the runs that it replaces. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ledger.in_force import by_partition, segments
from ledger.records import Interval
from ledger.runs import Run


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A range in which the replay met another number of events than the runs it replaces."""

    interval: Interval
    expected: int
    met: int


def disagreements(
    affected: Iterable[Interval], runs: Iterable[Run], replay_id: str, epoch: int
) -> list[Disagreement]:
    """The affected ranges whose total differs from that of the runs before the replay.

    Only ranges made up of whole runs can be compared; where a selection or a later run cuts one,
    its share is not known.
    """
    runs = list(runs)
    before = by_partition(run for run in runs if run.epoch < epoch)
    ours = by_partition(run for run in runs if run.replay_id == replay_id)
    found = []
    for interval in affected:
        expected = _whole_total(before.get(interval.partition, []), interval)
        met = sum(run.events for run in _inside(ours.get(interval.partition, []), interval))
        if expected is not None and expected != met:
            found.append(Disagreement(interval, expected, met))
    return found


def _inside(runs: Iterable[Run], interval: Interval) -> list[Run]:
    return [
        run
        for run in runs
        if interval.from_offset <= run.from_offset and run.to_offset <= interval.to_offset
    ]


def _whole_total(runs: Sequence[Run], interval: Interval) -> int | None:
    """The events of the interval, if whole runs make it up to the offset; else None."""
    total = 0
    position = interval.from_offset
    touching = [
        run
        for run in runs
        if run.to_offset > interval.from_offset and run.from_offset < interval.to_offset
    ]
    for segment in segments(touching):
        if not segment.whole or segment.from_offset != position:
            return None
        total += segment.run.events
        position = segment.to_offset
    return total if position == interval.to_offset else None
