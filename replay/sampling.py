"""A sample of the affected events: a few stretches of neighbours, and both ends of each partition.

A fetch brings a stretch as cheaply as one record, so places are few and stretches long.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.in_force import merged, without
from ledger.records import Interval
from replay.source import SourceReader

PLACES: Final = 20
STRETCH: Final = 200
"""Offsets in one stretch."""
SEED: Final = 2026


@dataclass(frozen=True, slots=True)
class SampledEvent:
    """A source record of the sample."""

    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None


def sample_places(affected: Sequence[Interval], places: int = PLACES) -> list[Interval]:
    """Stretches spread at random, each offset as likely as any other; the same every time. Pure.

    No offset is in two of them: where few events are affected, the sample is all of them.
    """
    lengths = [end - start for _, start, end in affected]
    if not lengths:
        return []
    chance = random.Random(SEED)
    if sum(lengths) <= places * STRETCH:
        return list(affected)
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for partition, start, end in chance.choices(affected, lengths, k=places):
        low = chance.randrange(start, end)
        found[partition].append((low, min(low + STRETCH, end)))
    return [
        Interval(partition, low, high)
        for partition in sorted(found)
        for low, high in merged(found[partition])
    ]


def edges(affected: Sequence[Interval]) -> list[Interval]:
    """The first and the last stretch of each partition. Pure."""
    found = []
    for number in sorted({interval.partition for interval in affected}):
        own = [interval for interval in affected if interval.partition == number]
        first, last = own[0], own[-1]
        found.append(first._replace(to_offset=min(first.from_offset + STRETCH, first.to_offset)))
        found.append(last._replace(from_offset=max(last.to_offset - STRETCH, last.from_offset)))
    return found


def still_had(affected: Sequence[Interval], missing: Sequence[Interval]) -> list[Interval]:
    """The affected ranges (in order) without what nobody has any more. Pure."""
    lost = {p: [(a, b) for q, a, b in missing if q == p] for p in {one[0] for one in missing}}
    return [
        Interval(partition, a, b)
        for partition, start, end in affected
        for a, b in without([(start, end)], lost.get(partition, ()))
    ]


def read_events(source: SourceReader, places: Iterable[Interval]) -> list[SampledEvent]:
    """The records of the stretches, from Kafka or the archive.

    Raises:
        SourceRangesGoneError: neither has one of them.
    """
    events = []
    for place in places:
        for batch in source.read(place):
            events += [
                SampledEvent(place.partition, offset, batch.timestamp_ms(row), key, value)
                for row, (offset, key, value) in enumerate(
                    zip(batch.offsets, batch.keys, batch.values, strict=True)
                )
            ]
    return events
