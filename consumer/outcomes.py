"""From a batch of messages to what one transaction writes. Pure: the hot path, start to end.

What is done for every event, in order; microseconds of one thread's processor time an event, in
batches of 10,000 (`python -m bench.scoring`, 2026-11-29: 2.9 in all):

1. ``model/slots.py``: decode and validate, 1.1
2. ``model/features.py``: features, the département among them, 0.2
3. ``model/quick_scorer.py``: trees as tables, 0.6 (scikit-learn's own predict takes some eight
   times as long: decision 6); ``model/scoring.py`` takes a batch through 1 to 3
4. ``producer_contract/encoding.py``: the probabilities as JSON, 0.5
5. here: keys and places out of the messages, outcomes counted by partition, 0.4

So everything goes by columns: what is done once per event in Python is done in one expression.
What comes before (``consumer/source.py``) and after (``consumer/transaction.py``,
``broker/session.py``) waits for Kafka as much as it works: `python -m bench.profile` has it too.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from confluent_kafka import Message

from broker.dead_letters import dead_letter_headers
from broker.messages import headers_of, place, places
from consumer.open_runs import Counted
from model.scoring import Refused, Scorer, score_batch
from producer_contract.encoding import ProbabilityEncoder


@dataclass(frozen=True, slots=True)
class Outputs:
    """n probabilities as columns, each for its partition of slot-probability."""

    partitions: Sequence[int]
    keys: Sequence[bytes | None]
    values: Sequence[bytes]

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One refused event, value and key untouched."""

    partition: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The outcomes of a batch. ``example`` is the first refusal, for a person to read."""

    outputs: Outputs
    dead_letters: list[DeadLetter]
    counted: dict[int, Counted]
    codes: Counter[str]
    example: str | None


@dataclass(frozen=True, slots=True)
class Provenance:
    """What goes on every outcome. ``topic`` is the source's name on the cluster."""

    topic: str
    epoch: int
    model_version: str
    scored_at: datetime
    distribution: str


def outcomes(engine: Scorer, messages: Sequence[Message], provenance: Provenance) -> Outcomes:
    """One outcome for each message: a probability or a dead letter, on the same partition number.

    ``messages`` are without errors, those of a partition in the order of their offsets.
    """
    keys = list(map(Message.key, messages))
    partitions, offsets = places(messages)
    scores = score_batch(engine, keys, list(map(Message.value, messages)))
    encoder = ProbabilityEncoder(
        model_version=provenance.model_version,
        epoch=provenance.epoch,
        scored_at=provenance.scored_at,
        replay_id=None,
    )
    scored_on = scores.of(partitions)
    values = encoder.values(
        scores.slot_ids, scores.probabilities, scores.starts, scored_on, scores.of(offsets)
    )
    refused = sorted(scores.refused.items())
    scored = Counter(scored_on)
    dead = Counter(partitions[at] for at, _ in refused)
    return Outcomes(
        outputs=Outputs(scored_on, scores.of(keys), values),
        dead_letters=[_dead_letter(messages[at], why, provenance) for at, why in refused],
        counted={
            partition: Counted(offset + 1, scored[partition], dead[partition])
            # The last of each partition stays.
            for partition, offset in dict(zip(partitions, offsets, strict=True)).items()
        },
        codes=Counter(why.code for _, why in refused),
        example=_named(messages[refused[0][0]], refused[0][1], provenance) if refused else None,
    )


def _dead_letter(message: Message, refused: Refused, provenance: Provenance) -> DeadLetter:
    partition, offset = place(message)
    headers = dead_letter_headers(
        provenance.topic,
        partition,
        offset,
        provenance.epoch,
        refused.code,
        refused.reason,
        None,
        provenance.distribution,
        headers_of(message),
    )
    return DeadLetter(partition, message.key(), message.value(), headers)


def _named(message: Message, refused: Refused, provenance: Provenance) -> str:
    partition, offset = place(message)
    return f"{provenance.topic}[{partition}]@{offset}: {refused.reason}"
