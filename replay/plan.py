"""What a replay has to do: affected ranges, cut into chunks, newest first. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ledger.in_force import by_partition, merged, ranges_of, segments
from ledger.records import Interval
from ledger.runs import Run

CHUNK_OFFSETS = 50_000
"""The most offsets in a chunk: one transaction of well under a second, so that executors can give
way within one and readers are never held back for long."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be replayed. ``affected`` is in order, with neighbours merged; ``chunks`` cut
    it into pieces, newest first. ``canary_chunks``: the first so many of them are the canary,
    the newest of each partition."""

    affected: tuple[Interval, ...]
    chunks: tuple[Interval, ...]
    canary_chunks: int | None = None


def affected_ranges(
    runs: Iterable[Run], from_models: frozenset[str], held: Iterable[Run] = ()
) -> dict[int, list[tuple[int, int]]]:
    """The offsets whose outcome in force is by one of ``from_models``, by partition.

    ``runs`` are the closed and the open ones, and what a scan has seen; ``held`` what a scan of the
    outputs alone has seen. An offset whose newest *replay* run is by one of the models is affected
    too, whatever live run lies above it, and so is one whose newest output is: after a reset, a
    live dead letter at a higher epoch withdraws nothing, and readers go on holding what was there.
    """

    def corrupted(run: Run) -> bool:
        return run.model_version in from_models

    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for partition, own in by_partition(runs).items():
        replayed = [run for run in own if run.replay_id is not None]
        found[partition] += ranges_of(segments(own), corrupted)
        found[partition] += ranges_of(segments(replayed), corrupted)
    for run in filter(corrupted, held):
        found[run.source_partition].append((run.from_offset, run.to_offset))
    return {partition: merged(ranges) for partition, ranges in found.items() if ranges}


def cut(
    ranges: Mapping[int, Sequence[tuple[int, int]]], selected: Mapping[int, tuple[int, int]]
) -> dict[int, list[tuple[int, int]]]:
    """The ranges within what an operator has selected: ``[from, to)`` by partition.

    A partition that is not in ``selected`` is left out.
    """
    kept = {
        partition: merged((max(a, low), min(b, high)) for a, b in ranges[partition])
        for partition, (low, high) in selected.items()
        if partition in ranges
    }
    return {partition: own for partition, own in kept.items() if own}


def make_plan(
    ranges: Mapping[int, Sequence[tuple[int, int]]],
    fences: Mapping[int, int],
    *,
    chunk_offsets: int = CHUNK_OFFSETS,
    canary: float | None = None,
) -> Plan:
    """The plan for these affected ranges.

    Newest first: the nearer to its partition's fence, the earlier a chunk comes. ``canary``: the
    share of the offsets (at least one) that the first chunks are to hold, to the offset, taken
    from the newest end of each partition in proportion.
    """

    def newest_first(chunk: Interval) -> tuple[int, int]:
        return fences.get(chunk.partition, 0) - chunk.to_offset, chunk.partition

    affected = tuple(
        Interval(partition, start, end)
        for partition in sorted(ranges)
        for start, end in merged(ranges[partition])
    )

    def chunks(intervals: Iterable[Interval]) -> list[Interval]:
        pieces = [chunk for interval in intervals for chunk in _chunks(interval, chunk_offsets)]
        return sorted(pieces, key=newest_first)

    if canary is None or not affected:
        return Plan(affected, tuple(chunks(affected)))
    first, rest = _split(affected, canary)
    newest = chunks(first)
    return Plan(affected, (*newest, *chunks(rest)), len(newest))


def _chunks(interval: Interval, most: int) -> list[Interval]:
    """The interval in as few pieces of nearly one size as ``most`` offsets each allow."""
    partition, start, end = interval
    length = end - start
    pieces = -(-length // most)
    edges = [start + length * piece // pieces for piece in range(pieces + 1)]
    return [Interval(partition, a, b) for a, b in pairwise(edges)]


def _split(affected: Sequence[Interval], share: float) -> tuple[list[Interval], list[Interval]]:
    """The newest ``share`` of all offsets, of each partition in proportion, and the rest.

    ``affected`` in order.
    """
    left = _shares(affected, share)
    newer: list[Interval] = []
    older: list[Interval] = []
    for partition, start, end in reversed(affected):
        edge = max(start, end - left[partition])
        left[partition] -= end - edge
        newer += [Interval(partition, edge, end)] if edge < end else []
        older += [Interval(partition, start, edge)] if start < edge else []
    return newer, older


def _shares(affected: Sequence[Interval], share: float) -> dict[int, int]:
    """How many offsets of each partition make up ``share`` of all (at least one offset)."""
    total = sum(end - start for _, start, end in affected)
    wanted = max(1, round(share * total))
    shares: dict[int, int] = defaultdict(int)
    before = 0
    for partition, start, end in affected:
        # Rounded as a running sum, so that nothing is lost or gained over all of them.
        after = before + end - start
        shares[partition] += wanted * after // total - wanted * before // total
        before = after
    return shares
