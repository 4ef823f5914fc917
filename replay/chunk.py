"""A chunk: what its one transaction writes. Pure."""

from dataclasses import dataclass, field
from datetime import datetime

from broker.dead_letters import dead_letter_headers
from ledger.records import Interval
from ledger.runs import VERDICT_CHANGES_LISTED, Run, Verdict
from model.scoring import Refused, Scorer, score_batch
from producer_contract.codec import encode_slot_probability
from producer_contract.encoding import ProbabilityEncoder
from replay.source import SourceBatch


@dataclass(frozen=True, slots=True)
class Provenance:
    """What goes on every outcome. ``topic`` is the source's name on the cluster."""

    topic: str
    epoch: int
    model_version: str
    replay_id: str
    distribution: str


@dataclass(slots=True)
class Outputs:
    """Probabilities and withdrawals, as columns."""

    keys: list[bytes | None] = field(default_factory=list)
    values: list[bytes] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One newly refused event, value and key untouched."""

    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


@dataclass(slots=True)
class Chunk:
    """The outcomes of one chunk, collected batch by batch; ``run()`` once all is in."""

    interval: Interval
    provenance: Provenance
    dead_before: frozenset[int]
    outputs: Outputs = field(default_factory=Outputs)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    scored: int = 0
    dead: int = 0
    changes: list[tuple[int, Verdict]] = field(default_factory=list)
    changes_count: int = 0

    def add(self, engine: Scorer, batch: SourceBatch, now: datetime) -> None:
        """Score a batch of source records of the interval, at ``now``."""
        scores = score_batch(engine, batch.keys, batch.values)
        offsets = scores.of(batch.offsets)
        encoder = ProbabilityEncoder(
            model_version=self.provenance.model_version,
            epoch=self.provenance.epoch,
            scored_at=now,
            replay_id=self.provenance.replay_id,
        )
        self.outputs.keys += scores.of(batch.keys)
        self.outputs.values += encoder.values(
            scores.slot_ids,
            scores.probabilities,
            scores.starts,
            [self.interval.partition] * len(offsets),
            offsets,
        )
        self.scored += len(offsets)
        self.dead += len(scores.refused)
        changes: list[tuple[int, Verdict]] = [
            (offset, "scored") for offset in self.dead_before.intersection(offsets)
        ]
        for place, refused in sorted(scores.refused.items()):
            if batch.offsets[place] not in self.dead_before:
                self._refuse(batch, place, refused, now)
                changes.append((batch.offsets[place], "refused"))
        self.changes_count += len(changes)
        self.changes += sorted(changes)[: VERDICT_CHANGES_LISTED - len(self.changes)]

    def run(self) -> Run:
        """The run that the transaction writes with them."""
        partition, start, end = self.interval
        return Run(
            source_partition=partition,
            from_offset=start,
            to_offset=end,
            epoch=self.provenance.epoch,
            model_version=self.provenance.model_version,
            replay_id=self.provenance.replay_id,
            scored=self.scored,
            dead=self.dead,
            verdict_changes=tuple(self.changes),
            verdict_changes_count=self.changes_count,
        )

    def _refuse(self, batch: SourceBatch, place: int, refused: Refused, now: datetime) -> None:
        """A dead letter and a withdrawal: nobody goes on holding the revoked model's number."""
        key, offset = batch.keys[place], batch.offsets[place]
        headers = dead_letter_headers(
            self.provenance.topic,
            self.interval.partition,
            offset,
            self.provenance.epoch,
            refused.code,
            refused.reason,
            self.provenance.replay_id,
            self.provenance.distribution,
            batch.headers(place),
        )
        self.dead_letters.append(DeadLetter(key, batch.values[place], headers))
        slot_id = slot_id_of(key)
        if slot_id is not None:
            self.outputs.keys.append(key)
            self.outputs.values.append(self._withdrawal(slot_id, offset, now))

    def _withdrawal(self, slot_id: str, offset: int, now: datetime) -> bytes:
        return encode_slot_probability(
            slot_id=slot_id,
            probability=None,
            model_version=self.provenance.model_version,
            epoch=self.provenance.epoch,
            source_partition=self.interval.partition,
            source_offset=offset,
            lesson_start_at=None,
            scored_at=now,
            replay_id=self.provenance.replay_id,
        )


def slot_id_of(key: bytes | None) -> str | None:
    """The slot of a withdrawal: the message key, which equals the slot_id of whatever was scored.

    None where no slot has such a key: nothing was ever scored under it.
    """
    try:
        slot_id = (key or b"").decode()
    except UnicodeDecodeError:
        return None
    return slot_id if 1 <= len(slot_id) <= 64 else None
