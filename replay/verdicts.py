"""Which events were refused before a replay comes to them."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ledger.records import Interval
from ledger.runs import Run


class DeadLetters:
    """The dead letters of one source partition from before a replay: the highest epoch of each
    source offset, as sorted arrays (16 bytes for each)."""

    def __init__(self, found: Iterable[tuple[int, int]], before_epoch: int) -> None:
        pairs = np.array(
            [pair for pair in found if pair[1] < before_epoch], dtype=np.int64
        ).reshape(-1, 2)
        pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
        last = np.append(np.diff(pairs[:, 0]) != 0, True)[: len(pairs)]
        self._offsets: NDArray[np.int64] = pairs[last, 0]
        self._epochs: NDArray[np.int64] = pairs[last, 1]

    def within(self, chunk: Interval) -> list[tuple[int, int]]:
        """(offset, epoch) of those in the chunk, in order."""
        low, high = np.searchsorted(self._offsets, [chunk.from_offset, chunk.to_offset])
        return list(
            zip(self._offsets[low:high].tolist(), self._epochs[low:high].tolist(), strict=True)
        )


def dead_before(
    chunk: Interval, dead_letters: DeadLetters, runs: Iterable[Run], epoch: int
) -> frozenset[int]:
    """The offsets of the chunk whose outcome before the replay at ``epoch`` was a refusal. Pure.

    A dead letter tells of its own epoch; a later run may have scored the event after all. Where
    that cannot be known, the event counts as scored: a withdrawal too many harms nobody, one too
    few would leave a revoked model's number standing.
    """
    known = dead_letters.within(chunk)
    if not known:
        return frozenset()
    later = [
        run
        for run in runs
        if run.source_partition == chunk.partition
        and run.epoch < epoch
        and (run.reset or _overlaps(run, chunk))
    ]
    return frozenset(offset for offset, at in known if not _scored_since(offset, at, later))


def _overlaps(run: Run, chunk: Interval) -> bool:
    return run.from_offset < chunk.to_offset and chunk.from_offset < run.to_offset


def _scored_since(offset: int, dead_at: int, runs: Sequence[Run]) -> bool:
    for run in runs:
        if run.reset and run.from_offset <= offset:
            # Scored, then refused after the reset: the earlier number still stands. Or refused,
            # then scored by a run that a second reset lost.
            return True
        if run.epoch <= dead_at:
            continue
        if run.from_offset <= offset < run.to_offset and _may_have_scored(offset, run):
            return True
    return False


def _may_have_scored(offset: int, run: Run) -> bool:
    if run.replay_id is None:
        # Live scoring writes an outcome for every event: had it refused, there would be a later
        # dead letter.
        return run.model_version is not None
    listed = dict(run.verdict_changes)
    if offset in listed:
        return listed[offset] == "scored"
    return run.verdict_changes_count > len(listed)
