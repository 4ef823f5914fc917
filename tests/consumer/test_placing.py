"""Placing partitions of a source that grew before its outcomes' topics; no Kafka is asked."""

from types import SimpleNamespace
from typing import Any

import pytest

from broker.groups import Committed
from broker.settings import KafkaSettings
from consumer import placing
from consumer.placing import GroupPlacing
from consumer.starting_point import Traces
from ledger.metadata import CommitMetadata, encode

KAFKA = KafkaSettings("nowhere:1")
STANDS = Committed(5, encode(CommitMetadata(epoch=1, run_from=0, scored=5, dead=0)))


@pytest.fixture
def topics(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """The number of partitions of each topic; the group knows the first two partitions."""
    names = KAFKA.names
    found = dict.fromkeys((names.slot_created, names.slot_probability, names.dead_letters), 3)

    def everywhere(offset: int) -> Any:
        return lambda _admin, _topic, partitions: dict.fromkeys(partitions, offset)

    def standing(*question: Any) -> dict[int, Committed]:
        return {p: STANDS if p < 2 else Committed(None, "") for p in question[-1]}

    no_traces = Traces(run_end=None, outcome_end=None)
    monkeypatch.setattr(placing, "new_admin", lambda _: SimpleNamespace())
    monkeypatch.setattr(placing, "committed", standing)
    monkeypatch.setattr(placing, "log_starts", everywhere(0))
    monkeypatch.setattr(placing, "high_watermarks", everywhere(9))
    monkeypatch.setattr(placing, "traces", lambda _, chosen: dict.fromkeys(chosen, no_traces))
    monkeypatch.setattr(placing, "partitions_of", lambda _, topic: list(range(found[topic])))
    return found


def problems() -> dict[int, str | None]:
    placed = GroupPlacing(KAFKA, accept_lost=False)([0, 1, 2])
    return {p: one.start.problem for p, one in placed.items()}


def test_with_partitions_for_the_outcomes_all_flow(topics: dict[str, int]) -> None:
    assert problems() == {0: None, 1: None, 2: None}


@pytest.mark.parametrize("topic", ["slot-probability", "slot-created.dead"])
def test_only_what_has_nowhere_to_go_waits_and_says_what_to_do(
    topics: dict[str, int], topic: str
) -> None:
    topics[topic] = 2
    found = problems()
    assert (found[0], found[1]) == (None, None)
    assert found[2] is not None
    assert topic in found[2]
    assert "creneau topics apply" in found[2]
