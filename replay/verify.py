"""Proving a certificate from the other side: from what every reader can see, and nothing else.

It knows nothing of the runs: it reads the source, the outputs and the dead letters as a plain
reader, one window of offsets at a time, so that memory does not grow with the slots.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from broker.log import QUEUE_KBYTES
from broker.settings import KafkaSettings
from ledger.fold import LedgerState
from ledger.records import Interval
from producer_contract.codec import Refusal, decode_slot_probability
from replay.canonical import Certificate, digest
from replay.plain import PlainReader
from replay.source import Archive, SourceReader

WINDOW_OFFSETS: Final = 2_000_000
"""Offsets looked at in one pass over a partition's outputs: 24 MB of arrays."""

EXAMPLES: Final = 10


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """An event that breaks the certificate. ``slot_id``: its message key."""

    source_partition: int
    source_offset: int
    slot_id: str
    why: str


@dataclass(slots=True)
class Verification:
    """What was found. ``read_from``: how many source records came from Kafka and an archive."""

    checked: int = 0
    left_behind: int = 0
    examples: list[LeftBehind] = field(default_factory=list)
    read_from: dict[str, int] = field(default_factory=lambda: {"kafka": 0, "archive": 0})
    mismatch: str | None = None

    @property
    def verified(self) -> bool:
        return self.left_behind == 0 and self.mismatch is None


def verify(
    kafka: KafkaSettings,
    certificate: Certificate,
    state: LedgerState,
    archive: Archive | None = None,
    *,
    window_offsets: int = WINDOW_OFFSETS,
) -> Verification:
    """Look at every event that the certificate speaks of; at none where the ledger disowns it.

    Raises:
        SourceRangesGoneError: source events are past retention, without an archive.
        UnavailableError: Kafka did not answer.
    """
    found = Verification(mismatch=_mismatch(certificate, state))
    if found.mismatch is not None:
        return found
    from_models = frozenset(str(model["version"]) for model in certificate["from_models"])
    with (
        closing(SourceReader(kafka, archive, queue_kbytes=QUEUE_KBYTES)) as source,
        closing(PlainReader(kafka)) as outcomes,
    ):
        for window in _windows(certificate, window_offsets):
            held = _Held(window, int(certificate["epoch"]), from_models)
            held.read(outcomes)
            _check(source, window, held, found)
    return found


def _mismatch(certificate: Certificate, state: LedgerState) -> str | None:
    """Whether this is the certificate that the ledger names; a shorter one would verify too."""
    replay = state.replays.get(str(certificate["replay_id"]))
    if replay is None or replay.completed is None:
        return "the ledger knows no completed replay of this id"
    if digest(certificate) != replay.completed.certificate:
        return "the ledger names another certificate for this replay: this one was changed"
    return None


def _windows(certificate: Certificate, window_offsets: int) -> Iterator[list[Interval]]:
    """The affected ranges, as groups within one window of offsets of one partition."""
    group: list[Interval] = []
    for row in certificate["affected"]:
        partition, start, end = (int(number) for number in row)
        while start < end:
            if group and (
                group[0].partition != partition or start - group[0].from_offset >= window_offsets
            ):
                yield group
                group = []
            low = group[0].from_offset if group else start
            edge = min(end, low + window_offsets)
            group.append(Interval(partition, start, edge))
            start = edge
    if group:
        yield group


class _Held:
    """What a reader holds for each offset of a window: the output of the highest epoch."""

    def __init__(self, window: list[Interval], epoch: int, from_models: frozenset[str]) -> None:
        self.partition = window[0].partition
        self.start = window[0].from_offset
        length = window[-1].to_offset - self.start
        self._epoch = epoch
        self._from_models = from_models
        self._epochs: NDArray[np.int64] = np.full(length, -1, np.int64)
        self._withdrawn: NDArray[np.bool_] = np.zeros(length, np.bool_)
        self._corrupted: NDArray[np.bool_] = np.zeros(length, np.bool_)
        self._dead: NDArray[np.bool_] = np.zeros(length, np.bool_)

    def read(self, outcomes: PlainReader) -> None:
        """Read the partition's outputs and dead letters to their ends."""
        for value in outcomes.outputs(self.partition):
            self._see(value)
        for offset, _ in outcomes.dead_offsets(self.partition):
            if 0 <= offset - self.start < len(self._dead):
                self._dead[offset - self.start] = True

    def why_left_behind(self, offset: int) -> str | None:
        """What is wrong with the outcome of the event at ``offset``; None: nothing."""
        place = offset - self.start
        epoch = int(self._epochs[place])
        if epoch < 0:
            return None if self._dead[place] else "it has neither a probability nor a dead letter"
        if self._withdrawn[place]:
            return None if self._dead[place] else "it is withdrawn without a dead letter"
        if self._corrupted[place]:
            return f"its probability, of epoch {epoch}, comes from a model that was replayed"
        if epoch < self._epoch:
            return f"its probability is of epoch {epoch}, before the replay's {self._epoch}"
        return None

    def _see(self, value: bytes | None) -> None:
        try:
            output = decode_slot_probability(value)
        except Refusal:
            return
        place = output.source_offset - self.start
        ours = output.source_partition == self.partition and 0 <= place < len(self._epochs)
        if ours and output.epoch >= self._epochs[place]:
            self._epochs[place] = output.epoch
            self._withdrawn[place] = output.probability is None
            self._corrupted[place] = output.model_version in self._from_models


def _check(source: SourceReader, window: list[Interval], held: _Held, found: Verification) -> None:
    for interval in window:
        for batch in source.read(interval):
            found.checked += len(batch.offsets)
            found.read_from["archive" if batch.archived else "kafka"] += len(batch.offsets)
            for offset, key in zip(batch.offsets, batch.keys, strict=True):
                why = held.why_left_behind(offset)
                if why is not None:
                    _leave_behind(found, interval.partition, offset, key, why)


def _leave_behind(
    found: Verification, partition: int, offset: int, key: bytes | None, why: str
) -> None:
    found.left_behind += 1
    if len(found.examples) < EXAMPLES:
        slot_id = (key or b"").decode("utf-8", "replace")
        found.examples.append(LeftBehind(partition, offset, slot_id, why))
