"""What stands in the three topics when all is over, read as any reader could."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import Message

from broker.dead_letters import parse_dead_letter
from broker.log import read_to_end
from broker.settings import KafkaSettings

Place = tuple[int, int]
"""Source partition and offset."""


@dataclass(frozen=True, slots=True)
class Published:
    """One event as the slot app remembers it. ``code``: of the dead letter that it leads to."""

    slot_id: str
    code: str | None = None
    true_probability: float = 0.0


@dataclass(frozen=True, slots=True)
class Output:
    """A message of slot-probability; ``replay_id`` None: live; ``probability`` None: withdrawn."""

    place: Place
    slot_id: str
    model_version: str
    epoch: int
    probability: float | None
    replay_id: str | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter. ``replay_id`` None: live."""

    place: Place
    code: str
    replay_id: str | None = None


@dataclass(frozen=True, slots=True)
class Logs:
    """Everything committed, in log order within a partition."""

    events: Mapping[Place, str]
    """The slot's id (the message key) of each event."""
    outputs: Sequence[Output]
    letters: Sequence[Letter]

    @property
    def records(self) -> dict[str, int]:
        """How many there are, by the table that the archive has for them."""
        return {
            "slot_events": len(self.events),
            "slot_probabilities": len(self.outputs),
            "dead_letters": len(self.letters),
        }


def read_logs(kafka: KafkaSettings) -> Logs:
    """Read the three topics to their ends."""
    names = kafka.names
    events = {
        (_partition(message), _offset(message)): (message.key() or b"").decode()
        for message in read_to_end(kafka, names.slot_created)
    }
    letters = [parse_dead_letter(headers_of(m)) for m in read_to_end(kafka, names.dead_letters)]
    return Logs(
        events=events,
        outputs=[output_of(_value(m)) for m in read_to_end(kafka, names.slot_probability)],
        letters=[
            Letter((letter.partition, letter.offset), letter.code, letter.replay_id)
            for letter in letters
            if letter is not None
        ],
    )


def output_of(value: bytes) -> Output:
    """A message's value, read with nothing but JSON."""
    found = json.loads(value)
    return Output(
        place=(found["source_partition"], found["source_offset"]),
        slot_id=found["slot_id"],
        model_version=found["model_version"],
        epoch=found["epoch"],
        probability=found["probability"],
        replay_id=found["replay_id"],
    )


def read_record(path: Path) -> list[Published]:
    """What the slot app says it published (``creneau sandbox slot-app --record``)."""
    with path.open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return [Published(r["slot_id"], r["malformed"], r["true_probability"]) for r in records]


def _partition(message: Message) -> int:
    partition = message.partition()
    assert partition is not None
    return partition


def _offset(message: Message) -> int:
    offset = message.offset()
    assert offset is not None
    return offset


def _value(message: Message) -> bytes:
    value = message.value()
    assert value is not None
    return value


def headers_of(message: Message) -> list[tuple[str, bytes | None]]:
    """A message's headers as a list."""
    headers = message.headers() or []
    pairs = headers.items() if isinstance(headers, dict) else headers
    return [(name, v.encode() if isinstance(v, str) else v) for name, v in pairs]
