"""A chunk: what its one transaction writes. Pure."""

from dataclasses import dataclass, field
from datetime import datetime

from broker.dead_letters import dead_letter_headers
from ledger.records import Interval
from ledger.runs import VERDICT_CHANGES_LISTED, Run, Verdict
from model.scoring import Refused, Scored, Scorer, score
from producer_contract.codec import encode_slot_probability
from replay.source import SourceBatch


@dataclass(frozen=True, slots=True)
class Provenance:
    """What goes on every outcome. ``topic`` is the source's name on the cluster."""

    topic: str
    epoch: int
    model_version: str
    replay_id: str
    distribution: str


@dataclass(frozen=True, slots=True)
class Output:
    """One probability, or a withdrawal."""

    key: bytes | None
    value: bytes


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
    outputs: list[Output] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    scored: int = 0
    dead: int = 0
    changes: list[tuple[int, Verdict]] = field(default_factory=list)
    changes_count: int = 0

    def add(self, engine: Scorer, batch: SourceBatch, now: datetime) -> None:
        """Score a batch of source records of the interval, at ``now``."""
        results = score(engine, batch.keys, batch.values)
        for place, (offset, key, result) in enumerate(
            zip(batch.offsets, batch.keys, results, strict=True)
        ):
            if isinstance(result, Scored):
                self.scored += 1
                self._output(offset, key, result.slot_id, result, now)
                if offset in self.dead_before:
                    self._change(offset, "scored")
            else:
                self.dead += 1
                if offset not in self.dead_before:
                    self._refuse(offset, batch, place, result, now)

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

    def _refuse(
        self, offset: int, batch: SourceBatch, place: int, refused: Refused, now: datetime
    ) -> None:
        """A dead letter and a withdrawal: nobody goes on holding the revoked model's number."""
        key = batch.keys[place]
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
            self._output(offset, key, slot_id, None, now)
        self._change(offset, "refused")

    def _output(
        self, offset: int, key: bytes | None, slot_id: str, scored: Scored | None, now: datetime
    ) -> None:
        value = encode_slot_probability(
            slot_id=slot_id,
            probability=scored.probability if scored else None,
            model_version=self.provenance.model_version,
            epoch=self.provenance.epoch,
            source_partition=self.interval.partition,
            source_offset=offset,
            lesson_start_at=scored.lesson_start_at if scored else None,
            scored_at=now,
            replay_id=self.provenance.replay_id,
        )
        self.outputs.append(Output(key, value))

    def _change(self, offset: int, verdict: Verdict) -> None:
        self.changes_count += 1
        if len(self.changes) < VERDICT_CHANGES_LISTED:
            self.changes.append((offset, verdict))


def slot_id_of(key: bytes | None) -> str | None:
    """The slot of a withdrawal: the message key, which equals the slot_id of whatever was scored.

    None where no slot has such a key: nothing was ever scored under it.
    """
    try:
        slot_id = (key or b"").decode()
    except UnicodeDecodeError:
        return None
    return slot_id if 1 <= len(slot_id) <= 64 else None
