"""How probabilities change: a sample scored with the model it had, and with the replacement."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np

from ledger.fold import LedgerState
from ledger.in_force import Segment
from model.scoring import Scored, score
from replay.chunk_scorer import Load
from replay.sampling import SampledEvent

BINS: Final = 10


@dataclass(frozen=True, slots=True)
class ScoredTwice:
    """An event of the sample that both models score."""

    before: float
    after: float
    lesson_start_at: datetime


@dataclass(frozen=True, slots=True)
class Shift:
    """``histogram``: how many of the changes fall into each of ten equal bins from -1 to 1;
    ``crossed_half``: how many events cross 0.5. Means are None where nothing was sampled."""

    n: int
    mean_before: float | None
    mean_after: float | None
    histogram: list[int]
    crossed_half: int

    def as_json(self) -> dict[str, Any]:
        """The object of the names page."""
        return asdict(self)


def score_twice(
    sample: Sequence[SampledEvent],
    in_force: Mapping[int, Sequence[Segment]],
    state: LedgerState,
    load: Load,
    from_models: frozenset[str],
    with_model: str,
) -> list[ScoredTwice]:
    """Score each event with the model whose probability is in force for it, and with the other.

    Events that either model refuses are left out.
    """
    by_version: dict[str, list[SampledEvent]] = defaultdict(list)
    for event in sample:
        version = _version_at(in_force.get(event.partition, ()), event.offset)
        if version in from_models and version is not None:
            by_version[version].append(event)
    after = load(state.models[with_model])
    found: list[ScoredTwice] = []
    for version, events in by_version.items():
        keys, values = [event.key for event in events], [event.value for event in events]
        old = score(load(state.models[version]), keys, values)
        found += [
            ScoredTwice(a.probability, b.probability, b.lesson_start_at)
            for a, b in zip(old, score(after, keys, values), strict=True)
            if isinstance(a, Scored) and isinstance(b, Scored)
        ]
    return found


def shift_of(scored: Sequence[ScoredTwice]) -> Shift:
    """What the sample says. Pure."""
    if not scored:
        return Shift(0, None, None, [0] * BINS, 0)
    before = np.array([one.before for one in scored])
    after = np.array([one.after for one in scored])
    return Shift(
        n=len(scored),
        mean_before=round(float(before.mean()), 4),
        mean_after=round(float(after.mean()), 4),
        histogram=np.histogram(after - before, bins=BINS, range=(-1.0, 1.0))[0].tolist(),
        crossed_half=int(((before < 0.5) != (after < 0.5)).sum()),
    )


def _version_at(found: Sequence[Segment], offset: int) -> str | None:
    place = bisect_right(found, offset, key=lambda segment: segment.from_offset) - 1
    if place < 0 or offset >= found[place].to_offset:
        return None
    return found[place].run.model_version
