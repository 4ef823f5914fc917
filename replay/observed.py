"""Runs as outputs and dead letters show them, where the runs themselves were lost. Pure.

A window of offsets of one source partition is held as arrays of fixed size, so that memory does not
grow with the slots.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ledger.runs import Run

_NOTHING: Final = 0
_MAYBE: Final = 1
_RECORD: Final = 2


class Kind(Enum):
    """What an event may get: the first two are outputs, which readers hold."""

    PROBABILITY = "probability"
    WITHDRAWAL = "withdrawal"
    DEAD_LETTER = "dead letter"


@dataclass(frozen=True, slots=True)
class Outcome:
    """An output or a dead letter of one source offset."""

    source_offset: int
    epoch: int
    model_version: str | None
    kind: Kind = Kind.PROBABILITY


class Window:
    """The outcomes of the source offsets ``[start, end)`` of one partition.

    Two answers are kept: the outcome of the highest epoch, and the *output* of the highest epoch.
    They differ where a group was moved and an event that was scored before is refused now: a live
    dead letter withdraws nothing, so readers go on holding the number below it.
    """

    def __init__(self, partition: int, start: int, end: int) -> None:
        self.partition = partition
        self.start = start
        self.end = end
        self._names: list[str | None] = []
        self._numbers: dict[str | None, int] = {}
        self._present: NDArray[np.int8] = np.zeros(end - start, np.int8)
        self._latest = _Layer(end - start)
        self._held = _Layer(end - start)

    def see(self, outcome: Outcome) -> None:
        """Take note of an outcome; one outside the window, or of an earlier epoch, is ignored."""
        place = outcome.source_offset - self.start
        if not 0 <= place < len(self._present):
            return
        scored = outcome.kind is Kind.PROBABILITY
        number = self._number(outcome.model_version)
        self._latest.see(place, outcome.epoch, number, scored)
        if outcome.kind is not Kind.DEAD_LETTER:
            self._held.see(place, outcome.epoch, number if scored else self._number(None), scored)

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
        return self._as_runs(self._latest)

    def held(self) -> list[Run]:
        """The outputs alone in the same way: what readers hold. A withdrawal is of no model."""
        return self._as_runs(self._held)

    def without_outcome(self) -> NDArray[np.int64]:
        """The offsets of the source records that have neither output nor dead letter."""
        silent = (self._present == _RECORD) & (self._latest.epochs < 0)
        return np.flatnonzero(silent) + self.start

    def _as_runs(self, layer: "_Layer") -> list[Run]:
        # A record that the layer says nothing of parts two runs; a transaction marker does not.
        places = np.flatnonzero((self._present != _NOTHING) | (self._latest.epochs >= 0))
        return [
            Run(
                source_partition=self.partition,
                from_offset=first + self.start,
                to_offset=last + self.start + 1,
                epoch=epoch,
                model_version=self._names[version],
                scored=scored,
                dead=events - scored,
            )
            for first, last, epoch, version, scored, events in layer.stretches(places)
            if epoch >= 0
        ]

    def _number(self, version: str | None) -> int:
        if version not in self._numbers:
            self._numbers[version] = len(self._names)
            self._names.append(version)
        return self._numbers[version]


class _Layer:
    """For each place of a window: the highest epoch seen, its model's number, whether scored."""

    def __init__(self, length: int) -> None:
        self.epochs: NDArray[np.int64] = np.full(length, -1, np.int64)
        self._versions: NDArray[np.int32] = np.zeros(length, np.int32)
        self._scored: NDArray[np.bool_] = np.zeros(length, np.bool_)

    def see(self, place: int, epoch: int, version: int, scored: bool) -> None:
        if epoch >= self.epochs[place]:
            self.epochs[place] = epoch
            self._versions[place] = version
            self._scored[place] = scored

    def stretches(self, places: NDArray[np.intp]) -> list[tuple[int, int, int, int, int, int]]:
        """(first, last, epoch, version, scored, events) of neighbours among ``places``."""
        if not len(places):
            return []
        epochs, versions = self.epochs[places], self._versions[places]
        turns = np.flatnonzero((np.diff(epochs) != 0) | (np.diff(versions) != 0)) + 1
        firsts = np.concatenate(([0], turns))
        lasts = np.concatenate((turns, [len(places)])) - 1
        scored = np.concatenate(([0], np.cumsum(self._scored[places])))
        return [
            (
                int(places[a]),
                int(places[b]),
                int(epochs[a]),
                int(versions[a]),
                int(scored[b + 1] - scored[a]),
                int(b + 1 - a),
            )
            for a, b in zip(firsts, lasts, strict=True)
        ]
