"""What of the partitions the runs do not tell, so that only the outcomes on Kafka can. Pure."""

from collections.abc import Mapping, Sequence
from operator import attrgetter

from ledger.in_force import by_partition, gaps, merged, reset_partitions
from ledger.runs import Run


def ranges_to_scan(
    runs: Sequence[Run],
    fences: Mapping[int, int],
    ends: Mapping[int, int],
    earliest: Mapping[int, int],
) -> dict[int, list[tuple[int, int]]]:
    """The ranges to scan, by partition: in order, neighbours merged, none of them empty.

    They are the gaps below the fence; what was scored before the first run that is known (another
    one may have expired, with the group's offsets, before it was ever closed); and all of a
    partition in which an operator has moved the group, for there a run may lie over a lost one.

    ``runs``: the closed and the open ones. ``fences``: the committed offsets, where a worker has
    committed. ``ends``: the high watermarks, at least of the partitions that were reset.
    ``earliest``: the source offset of the first outcome kept, where there is one; needed only for
    partitions whose first run does not start at 0.
    """
    resets = reset_partitions(runs)
    found: dict[int, list[tuple[int, int]]] = {}
    for partition, own in by_partition(runs).items():
        first = first_offset(own)
        start = min(first, earliest.get(partition, first))
        if partition in resets:
            ranges = [(start, ends[partition])]
        else:
            ranges = [(start, first), *gaps(own, fences.get(partition, first))]
        if union := merged(ranges):
            found[partition] = union
    return found


def first_offset(runs: Sequence[Run]) -> int:
    """Where the first run of one partition starts."""
    first: int = min(map(attrgetter("from_offset"), runs))
    return first
