"""Was anything lost or done twice? A plain reader's answer, which knows nothing of the workers.

What the slot app says it published is held against what stands in the three topics: each event must
have exactly one live outcome, a probability or, if it was malformed, a dead letter with its code.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from confluent_kafka import Message

from broker.dead_letters import parse_dead_letter
from broker.log import read_to_end
from broker.settings import KafkaSettings

Place = tuple[int, int]
"""Source partition and offset."""

EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True)
class Logs:
    """What stands in the topics: everything committed, live outcomes only."""

    events: Mapping[Place, str]
    """The slot's id (the message key) of each event."""
    probabilities: Sequence[tuple[Place, str]]
    """Source place and slot id of each probability, in any order."""
    dead_letters: Sequence[tuple[Place, str]]
    """Source place and code of each dead letter, in any order."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The counts of ``creneau demo``; ``published`` has the malformed ones in it."""

    published: int
    scored: int
    dead_lettered: int
    lost: int
    duplicated: int
    dead_letters_exact: bool
    """Each malformed event has its dead letter with the right code, and nothing else has one."""
    examples: tuple[str, ...]
    """A line about each of the first things that are wrong."""

    @property
    def passed(self) -> bool:
        return self.lost == 0 and self.duplicated == 0 and self.dead_letters_exact


def judge(published: Mapping[str, str | None], logs: Logs) -> Verdict:
    """Hold the logs against ``published``: slot id → its dead letter's code, or None."""
    outcomes = Counter(place for place, _ in logs.probabilities)
    outcomes.update(place for place, _ in logs.dead_letters)
    answered = {logs.events[place] for place in outcomes if place in logs.events}
    lost = [slot_id for slot_id in published if slot_id not in answered]
    twice = [place for place, count in outcomes.items() if count > 1]
    surplus = sum(outcomes[place] - 1 for place in twice)
    published_twice = len(logs.events) - len(set(logs.events.values()))
    misplaced = _misplaced(published, logs)
    examples = (
        [f"lost: {slot_id}" for slot_id in lost[:EXAMPLES]]
        + [f"twice: the event at partition {p}, offset {o}" for p, o in twice[:EXAMPLES]]
        + misplaced[:EXAMPLES]
    )
    return Verdict(
        published=len(published),
        scored=len({place for place, _ in logs.probabilities}),
        dead_lettered=len({place for place, _ in logs.dead_letters}),
        lost=len(lost),
        duplicated=surplus + published_twice,
        dead_letters_exact=not misplaced,
        examples=tuple(examples),
    )


def _misplaced(published: Mapping[str, str | None], logs: Logs) -> list[str]:
    """A line for each dead letter that should not be, or is missing, or has another code."""
    expected = {slot_id: code for slot_id, code in published.items() if code is not None}
    found = {logs.events.get(place, f"offset {place}"): code for place, code in logs.dead_letters}
    return [
        f"dead letter of {slot_id}: expected {expected.get(slot_id)}, found {found.get(slot_id)}"
        for slot_id in sorted(expected.keys() | found.keys())
        if expected.get(slot_id) != found.get(slot_id)
    ] + [
        f"a probability for the malformed {slot_id}"
        for place, _ in logs.probabilities
        if (slot_id := logs.events.get(place, "")) in expected
    ]


def read_logs(kafka: KafkaSettings) -> Logs:
    """Read the three topics to their ends, as any reader could."""
    names = kafka.names
    events = {
        (_partition(message), _offset(message)): (message.key() or b"").decode()
        for message in read_to_end(kafka, names.slot_created)
    }
    outputs = [json.loads(_value(m)) for m in read_to_end(kafka, names.slot_probability)]
    letters = [parse_dead_letter(_headers(m)) for m in read_to_end(kafka, names.dead_letters)]
    return Logs(
        events=events,
        probabilities=[
            ((output["source_partition"], output["source_offset"]), output["slot_id"])
            for output in outputs
            if output["replay_id"] is None
        ],
        dead_letters=[
            ((letter.partition, letter.offset), letter.code)
            for letter in letters
            if letter is not None and letter.replay_id is None
        ],
    )


def read_record(path: Path) -> dict[str, str | None]:
    """What the slot app says it published (``creneau sandbox slot-app --record``)."""
    with path.open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return {record["slot_id"]: record["malformed"] for record in records}


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


def _headers(message: Message) -> list[tuple[str, bytes | None]]:
    headers = message.headers() or []
    pairs = headers.items() if isinstance(headers, dict) else headers
    return [(name, v.encode() if isinstance(v, str) else v) for name, v in pairs]
