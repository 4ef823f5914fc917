"""Runs as outputs and dead letters show them, where the runs themselves were lost. Pure.

A window of offsets of one source partition is held as arrays of fixed size, so that memory does not
grow with the slots.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ledger.runs import Run

_NOTHING: Final = 0
_MAYBE: Final = 1
_RECORD: Final = 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """An output or a dead letter of one source offset."""

    source_offset: int
    epoch: int
    model_version: str | None
    scored: bool


class Window:
    """The outcomes of the source offsets ``[start, end)`` of one partition: the highest epoch's."""

    def __init__(self, partition: int, start: int, end: int) -> None:
        self.partition = partition
        self.start = start
        self.end = end
        length = end - start
        self._epochs: NDArray[np.int64] = np.full(length, -1, np.int64)
        self._versions: NDArray[np.int32] = np.zeros(length, np.int32)
        self._scored: NDArray[np.bool_] = np.zeros(length, np.bool_)
        self._present: NDArray[np.int8] = np.zeros(length, np.int8)
        self._names: list[str | None] = []
        self._numbers: dict[str | None, int] = {}

    def see(self, outcome: Outcome) -> None:
        """Take note of an outcome; one outside the window, or of an earlier epoch, is ignored."""
        place = outcome.source_offset - self.start
        if not 0 <= place < len(self._epochs) or outcome.epoch < self._epochs[place]:
            return
        self._epochs[place] = outcome.epoch
        self._versions[place] = self._number(outcome.model_version)
        self._scored[place] = outcome.scored

    def mark_records(self, offsets: Iterable[int]) -> None:
        """There is a source record at each of these offsets."""
        places = np.fromiter(offsets, np.int64) - self.start
        self._present[places[(places >= 0) & (places < len(self._present))]] = _RECORD

    def mark_unknown(self, start: int, end: int) -> None:
        """Nobody can say any more whether there were records in ``[start, end)``."""
        low, high = max(start, self.start), min(end, self.end)
        if low < high:
            self._present[low - self.start : high - self.start] = _MAYBE

    def runs(self) -> list[Run]:
        """The outcomes as runs: neighbours of one epoch and model, with no other record between."""
        return [
            Run(
                source_partition=self.partition,
                from_offset=first,
                to_offset=last + 1,
                epoch=epoch,
                model_version=self._names[version],
                scored=scored,
                dead=events - scored,
            )
            for first, last, epoch, version, scored, events in self._stretches()
            if epoch >= 0
        ]

    def without_outcome(self) -> NDArray[np.int64]:
        """The offsets of the source records that have neither output nor dead letter."""
        silent = (self._present == _RECORD) & (self._epochs < 0)
        return np.flatnonzero(silent) + self.start

    def _stretches(self) -> list[tuple[int, int, int, int, int, int]]:
        places = np.flatnonzero((self._present != _NOTHING) | (self._epochs >= 0))
        if not len(places):
            return []
        epochs, versions = self._epochs[places], self._versions[places]
        turns = np.flatnonzero((np.diff(epochs) != 0) | (np.diff(versions) != 0)) + 1
        firsts = np.concatenate(([0], turns))
        lasts = np.concatenate((turns, [len(places)])) - 1
        scored = np.concatenate(([0], np.cumsum(self._scored[places])))
        return [
            (
                int(places[a]) + self.start,
                int(places[b]) + self.start,
                int(epochs[a]),
                int(versions[a]),
                int(scored[b + 1] - scored[a]),
                int(b + 1 - a),
            )
            for a, b in zip(firsts, lasts, strict=True)
        ]

    def _number(self, version: str | None) -> int:
        if version not in self._numbers:
            self._numbers[version] = len(self._names)
            self._names.append(version)
        return self._numbers[version]
