"""From a batch of messages to what one transaction writes. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from confluent_kafka import Message

from broker.dead_letters import dead_letter_headers
from broker.messages import headers_of, place
from consumer.open_runs import Counted
from model.scoring import Refused, Scored, Scorer, score
from producer_contract.codec import encode_slot_probability


@dataclass(frozen=True, slots=True)
class Output:
    """One probability, for partition ``partition`` of slot-probability."""

    partition: int
    key: bytes | None
    value: bytes


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

    outputs: list[Output]
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
    results = score(
        engine, [message.key() for message in messages], [message.value() for message in messages]
    )
    outputs: list[Output] = []
    dead_letters: list[DeadLetter] = []
    scored: Counter[int] = Counter()
    dead: Counter[int] = Counter()
    last: dict[int, int] = {}
    codes: Counter[str] = Counter()
    example: str | None = None
    for message, result in zip(messages, results, strict=True):
        partition, offset = place(message)
        last[partition] = offset
        if isinstance(result, Scored):
            outputs.append(_output(partition, offset, message, result, provenance))
            scored[partition] += 1
        else:
            dead_letters.append(_dead_letter(partition, offset, message, result, provenance))
            dead[partition] += 1
            codes[result.code] += 1
            example = example or f"{provenance.topic}[{partition}]@{offset}: {result.reason}"
    counted = {
        partition: Counted(offset + 1, scored[partition], dead[partition])
        for partition, offset in last.items()
    }
    return Outcomes(outputs, dead_letters, counted, codes, example)


def _output(
    partition: int, offset: int, message: Message, scored: Scored, provenance: Provenance
) -> Output:
    value = encode_slot_probability(
        slot_id=scored.slot_id,
        probability=scored.probability,
        model_version=provenance.model_version,
        epoch=provenance.epoch,
        source_partition=partition,
        source_offset=offset,
        lesson_start_at=scored.lesson_start_at,
        scored_at=provenance.scored_at,
        replay_id=None,
    )
    return Output(partition, message.key(), value)


def _dead_letter(
    partition: int, offset: int, message: Message, refused: Refused, provenance: Provenance
) -> DeadLetter:
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
