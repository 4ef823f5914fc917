"""The reader where Kafka does not say where the group stands; no Kafka is asked."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import OFFSET_BEGINNING, OFFSET_INVALID, KafkaError, KafkaException
from confluent_kafka import TopicPartition as Part

from producer_contract import group_offsets, reader
from producer_contract.held import HeldInSQLite
from producer_contract.kafka_errors import AccessRefusedError, KafkaAwayError

TOPIC = "slot-probability"
AWAY = KafkaError(KafkaError._TIMED_OUT)


class Group:
    """A consumer whose group gives it partition 0 with the first poll.

    ``answers``: what each question for the committed offset is answered with.
    """

    def __init__(self, answers: list[int | KafkaError]) -> None:
        self.answers = answers
        self.assigned: list[list[tuple[int, int]]] = []
        self.given = False

    def list_topics(self, topic: str, timeout: float) -> Any:
        return SimpleNamespace(topics={topic: SimpleNamespace(error=None)})

    def subscribe(self, topics: list[str], on_assign: Callable[..., None], on_revoke: Any) -> None:
        self.on_assign, self.on_revoke = on_assign, on_revoke

    def poll(self, timeout: float) -> None:
        if not self.given:
            self.given = True
            self.on_assign(self, [Part(TOPIC, 0)])

    def committed(self, partitions: list[Part], timeout: float) -> list[Part]:
        answer = self.answers.pop(0)
        if isinstance(answer, KafkaError):
            raise KafkaException(answer)
        return [Part(TOPIC, 0, answer)]

    def assign(self, partitions: list[Part]) -> None:
        self.assigned.append([(one.partition, one.offset) for one in partitions])

    def unassign(self) -> None:
        self.assigned.append([])


def reading(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    answers: list[int | KafkaError],
    *,
    patience: float = 0.0,
) -> tuple[reader.ProbabilityReader, Group]:
    group = Group(answers)
    monkeypatch.setattr(reader, "Consumer", lambda _: group)
    monkeypatch.setattr(group_offsets, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(group_offsets, "PATIENCE_SECONDS", patience)
    held = HeldInSQLite(folder / "held.sqlite")
    config = {"bootstrap.servers": "nowhere:1"}
    return reader.ProbabilityReader(config, group_id="g", held=held, topic=TOPIC), group


def take(one: reader.ProbabilityReader) -> int:
    return one.deliver(lambda _: None, timeout=0)


def test_it_asks_again_while_kafka_is_away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    away = [AWAY, KafkaError(KafkaError.COORDINATOR_LOAD_IN_PROGRESS)]
    one, group = reading(monkeypatch, tmp_path, [*away, 7], patience=60)
    assert take(one) == 0
    assert group.assigned == [[], [(0, 7)]]


def test_when_nobody_answers_it_says_so_and_the_next_call_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Left unassigned, the client would read from no offset: outputs that seem to be gone."""
    one, group = reading(monkeypatch, tmp_path, [AWAY, 7])
    with pytest.raises(KafkaAwayError, match="try again later"):
        take(one)
    assert group.assigned == [[]]
    assert take(one) == 0
    assert group.assigned == [[], [(0, 7)]]
    assert take(one) == 0
    assert group.answers == []


def test_a_refusal_is_not_asked_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    refused = KafkaError(KafkaError.GROUP_AUTHORIZATION_FAILED)
    one, group = reading(monkeypatch, tmp_path, [refused, 7], patience=60)
    with pytest.raises(AccessRefusedError):
        take(one)
    assert group.assigned == [[]]


def test_partitions_that_were_taken_away_meanwhile_are_not_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    one, group = reading(monkeypatch, tmp_path, [AWAY])
    with pytest.raises(KafkaAwayError):
        take(one)
    group.on_revoke(group, [Part(TOPIC, 0)])
    assert take(one) == 0
    assert group.assigned == [[], []]


def test_a_group_that_has_committed_nothing_starts_at_the_oldest(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    one, group = reading(monkeypatch, tmp_path, [OFFSET_INVALID])
    assert take(one) == 0
    assert group.assigned == [[], [(0, OFFSET_BEGINNING)]]
