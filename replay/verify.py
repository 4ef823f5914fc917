"""Proving a certificate from the other side: from what every reader can see, and nothing else.

It knows nothing of the runs: it reads the source, the outputs and the dead letters as a plain
reader, one window of offsets at a time, so that memory does not grow with the slots.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter
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

WINDOW_OFFSETS: Final = 16_000_000
"""Offsets looked at in one pass over a partition's outputs: 144 MB of arrays at most. Each window
reads all outputs of its partition again: 100,000,000 slots on 8 partitions are one window each."""

BATCH: Final = 5_000

_WITHDRAWN, _CORRUPTED, _DEAD = 1, 2, 4

_MOST: Final = 2**63 - 1
"""An epoch may be any number, though no ledger has so many records."""

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


@dataclass(frozen=True, slots=True)
class Share:
    """Every ``of``-th window of a certificate, from the ``number``-th on: what one of several
    processes looks at."""

    number: int = 0
    of: int = 1


def verify(
    kafka: KafkaSettings,
    certificate: Certificate,
    state: LedgerState,
    archive: Archive | None = None,
    *,
    window_offsets: int = WINDOW_OFFSETS,
    share: Share = Share(),
    so_far: Callable[[Verification], None] = lambda found: None,
) -> Verification:
    """Look at every event that the certificate speaks of; at none where the ledger disowns it.

    ``so_far`` is told what was found, batch by batch; a window's outcomes are read before that.

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
        windows = _windows(certificate, window_offsets)
        for window in islice(windows, share.number, None, share.of):
            held = Held(window, int(certificate["epoch"]), from_models)
            held.read(outcomes)
            _check(source, window, held, found, so_far)
    return found


def together(parts: Iterable[Verification]) -> Verification:
    """What several shares of one certificate found. Pure."""
    whole = Verification()
    for part in parts:
        whole.checked += part.checked
        whole.left_behind += part.left_behind
        whole.examples += part.examples
        whole.mismatch = whole.mismatch or part.mismatch
        for place, number in part.read_from.items():
            whole.read_from[place] += number
    whole.examples.sort(key=lambda one: (one.source_partition, one.source_offset))
    del whole.examples[EXAMPLES:]
    return whole


def windows_of(certificate: Certificate, window_offsets: int = WINDOW_OFFSETS) -> int:
    """How many windows a certificate has: more processes than that have nothing to do. Pure."""
    return sum(1 for _ in _windows(certificate, window_offsets))


def offsets_of(certificate: Certificate) -> int:
    """How many offsets the affected ranges have. Pure."""
    return sum(int(end) - int(start) for _, start, end in certificate["affected"])


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


class Held:
    """What a reader holds for each offset of a window: the output of the highest epoch.

    9 bytes an offset. Outputs are looked at a batch at a time: one after the other, numpy takes
    longer to set an element than the codec to decode it.
    """

    def __init__(self, window: list[Interval], epoch: int, from_models: frozenset[str]) -> None:
        self.partition = window[0].partition
        self.start = window[0].from_offset
        length = window[-1].to_offset - self.start
        self._epoch = epoch
        self._from_models = from_models
        self._epochs: NDArray[np.int64] = np.full(length, -1, np.int64)
        self._marks: NDArray[np.uint8] = np.zeros(length, np.uint8)

    def read(self, outcomes: PlainReader) -> None:
        """Read the partition's outputs and dead letters to their ends."""
        outputs = outcomes.outputs(self.partition)
        while batch := list(islice(outputs, BATCH)):
            self.see(batch)
        for offset, _ in outcomes.dead_offsets(self.partition):
            if 0 <= offset - self.start < len(self._marks):
                self._marks[offset - self.start] |= _DEAD

    def see(self, values: Sequence[bytes | None]) -> None:
        """Take note of outputs, in log order; of one offset the last of the highest epoch."""
        rows = [row for value in values if (row := self._row(value)) is not None]
        if not rows:
            return
        # By epoch and then as they came: where an offset comes again, numpy leaves the last one.
        rows.sort(key=itemgetter(1))
        places, epochs, marks = np.array(rows, np.int64).T
        newer = epochs >= self._epochs[places]
        places = places[newer]
        self._epochs[places] = epochs[newer]
        self._marks[places] = marks[newer] | (self._marks[places] & _DEAD)

    def doubtful(self, offsets: Sequence[int]) -> list[int]:
        """The places in ``offsets`` of those not plainly corrected: the others need no look."""
        places = np.array(offsets, np.int64) - self.start
        corrected = (self._epochs[places] >= self._epoch) & (self._marks[places] == 0)
        return np.flatnonzero(~corrected).tolist()

    def why_left_behind(self, offset: int) -> str | None:
        """What is wrong with the outcome of the event at ``offset``; None: nothing."""
        epoch, marks = int(self._epochs[offset - self.start]), int(self._marks[offset - self.start])
        if epoch < 0:
            return None if marks & _DEAD else "it has neither a probability nor a dead letter"
        if marks & _WITHDRAWN:
            return None if marks & _DEAD else "it is withdrawn without a dead letter"
        if marks & _CORRUPTED:
            return f"its probability, of epoch {epoch}, comes from a model that was replayed"
        if epoch < self._epoch:
            return f"its probability is of epoch {epoch}, before the replay's {self._epoch}"
        return None

    def _row(self, value: bytes | None) -> tuple[int, int, int] | None:
        """The place in the window, the epoch and the marks of an output; None: none of ours."""
        try:
            output = decode_slot_probability(value)
        except Refusal:
            return None
        place = output.source_offset - self.start
        if output.source_partition != self.partition or not 0 <= place < len(self._epochs):
            return None
        withdrawn = _WITHDRAWN if output.probability is None else 0
        corrupted = _CORRUPTED if output.model_version in self._from_models else 0
        return place, min(output.epoch, _MOST), withdrawn | corrupted


def _check(
    source: SourceReader,
    window: list[Interval],
    held: Held,
    found: Verification,
    so_far: Callable[[Verification], None],
) -> None:
    for interval in window:
        for batch in source.read(interval):
            found.checked += len(batch.offsets)
            found.read_from["archive" if batch.archived else "kafka"] += len(batch.offsets)
            for place in held.doubtful(batch.offsets):
                offset = batch.offsets[place]
                why = held.why_left_behind(offset)
                if why is not None:
                    _leave_behind(found, interval.partition, offset, batch.keys[place], why)
            so_far(found)


def _leave_behind(
    found: Verification, partition: int, offset: int, key: bytes | None, why: str
) -> None:
    found.left_behind += 1
    if len(found.examples) < EXAMPLES:
        slot_id = (key or b"").decode("utf-8", "replace")
        found.examples.append(LeftBehind(partition, offset, slot_id, why))
