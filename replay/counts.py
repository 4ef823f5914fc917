"""How many source events ranges of offsets hold, from the runs' counts. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ledger.in_force import Segment, by_partition, segments
from ledger.records import Interval
from ledger.runs import Run


@dataclass(frozen=True, slots=True)
class Counted:
    """``estimated``: a range cuts a run, whose share is then taken in proportion."""

    by_partition: Mapping[int, float] = field(default_factory=dict)
    by_model: Mapping[str, float] = field(default_factory=dict)
    estimated: bool = False

    @property
    def events(self) -> int:
        return round(sum(self.by_partition.values()))


def count_events(affected: Iterable[Interval], runs: Iterable[Run]) -> Counted:
    """The events of the affected ranges as ``runs`` count them, by partition and by model."""
    maps = {partition: segments(own) for partition, own in by_partition(runs).items()}
    per_partition: dict[int, float] = defaultdict(float)
    per_model: dict[str, float] = defaultdict(float)
    estimated = False
    for interval in affected:
        for part in _clipped(maps.get(interval.partition, []), interval):
            per_partition[interval.partition] += part.events
            per_model[part.run.model_version or "none"] += part.events
            estimated = estimated or not part.whole
    return Counted(dict(per_partition), dict(per_model), estimated)


def _clipped(found: Sequence[Segment], interval: Interval) -> list[Segment]:
    return [
        Segment(
            max(segment.from_offset, interval.from_offset),
            min(segment.to_offset, interval.to_offset),
            segment.run,
        )
        for segment in found
        if segment.from_offset < interval.to_offset and interval.from_offset < segment.to_offset
    ]
