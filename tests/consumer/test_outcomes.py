"""What a batch becomes: every event its outcome, on its own partition."""

import json
from datetime import UTC, datetime

import numpy as np
import pytest
from confluent_kafka import Message
from numpy.typing import NDArray

from broker.dead_letters import parse_dead_letter
from consumer.open_runs import Counted
from consumer.outcomes import Outcomes, Provenance, outcomes
from tests.consumer.world import slot

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
BROKEN = (b"slot-x", b"not json")


class Rising:
    """0.0, 0.01, 0.02 … in the order of the scored events."""

    def probabilities(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.arange(len(matrix)) / 100


def made(*events: tuple[int, tuple[bytes | None, bytes | None]]) -> Outcomes:
    """Of events, each with its partition; offsets 0, 10, 20 … whatever the partition."""
    messages = [
        Message(topic="slot-created", partition=partition, offset=10 * number, key=key, value=value)
        for number, (partition, (key, value)) in enumerate(events)
    ]
    return outcomes(Rising(), messages, Provenance("slot-created", 4, "m", NOW, "0.1.0"))


def written(found: Outcomes) -> list[tuple[int, bytes | None, str, int, int, float]]:
    """Of each output: partition, key, and what the value says of both, and its probability."""
    outputs = found.outputs
    values = [json.loads(value) for value in outputs.values]
    said = ("slot_id", "source_partition", "source_offset", "probability")
    return [
        (partition, key, *(value[name] for name in said))
        for partition, key, value in zip(outputs.partitions, outputs.keys, values, strict=True)
    ]


def test_each_is_answered_on_its_partition() -> None:
    found = made((2, slot(1)), (0, slot(2)), (2, slot(3)))
    (first, _), (second, _), (third, _) = slot(1), slot(2), slot(3)
    assert written(found) == [
        (2, first, first.decode(), 2, 0, 0.0),
        (0, second, second.decode(), 0, 10, 0.01),
        (2, third, third.decode(), 2, 20, 0.02),
    ]
    assert found.counted == {2: Counted(21, 2, 0), 0: Counted(11, 1, 0)}
    assert (found.dead_letters, found.example, dict(found.codes)) == ([], None, {})


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_refused_event_leaves_the_others_theirs(at: int) -> None:
    events = [(1, slot(1)), (3, slot(2))]
    events.insert(at, (5, BROKEN))
    found = made(*events)
    answered = [number for number in range(3) if number != at]
    assert [(p, key, offset) for p, key, _, _, offset, _ in written(found)] == [
        (events[number][0], events[number][1][0], 10 * number) for number in answered
    ]
    (letter,) = found.dead_letters
    parsed = parse_dead_letter(letter.headers)
    assert parsed is not None
    assert (letter.partition, letter.key, letter.value) == (5, *BROKEN)
    assert (parsed.partition, parsed.offset) == (5, 10 * at)
    assert found.counted[5] == Counted(10 * at + 1, 0, 1)
    assert found.example is not None
    assert found.example.startswith(f"slot-created[5]@{10 * at}: ")


def test_nothing_but_refused_ones() -> None:
    found = made((1, BROKEN), (1, BROKEN))
    assert written(found) == []
    assert (len(found.dead_letters), found.counted) == (2, {1: Counted(11, 0, 2)})
