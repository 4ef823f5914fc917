"""The fixtures for a slot app's own tests, used as a slot app would use them."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from confluent_kafka import Producer

from producer_contract.changes import Change
from producer_contract.events import SlotCreated
from producer_contract.held import HeldInMemory
from producer_contract.publisher import SlotPublisher
from producer_contract.reader import ProbabilityReader
from producer_contract.testing import choice
from producer_contract.testing.choice import UnknownKindError, chosen_kafka
from producer_contract.testing.container import ContainerKafka
from producer_contract.testing.embedded import EmbeddedKafka
from producer_contract.testing.plugin import StubCreneau, creneau, creneau_probability
from tests.conftest import RunningKafka

__all__ = ["creneau", "creneau_probability"]


@pytest.fixture(scope="module")
def creneau_kafka(kafka: RunningKafka) -> str:
    """The session's Kafka instead of one more."""
    return kafka.bootstrap_servers


def slot(slot_id: str) -> SlotCreated:
    now = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    return SlotCreated(
        schema_version=1,
        slot_id=slot_id,
        instructor_id="instructor-1",
        partnership_type="ME",
        meeting_point_id="point-1",
        latitude=48.85,
        longitude=2.35,
        lesson_start_at=now + timedelta(days=3),
        created_at=now,
        duration_minutes=60,
    )


def heard(creneau: StubCreneau, count: int) -> list[Change]:
    """The first ``count`` changes that a reader hands over."""
    found: list[Change] = []
    deadline = time.monotonic() + 30
    with ProbabilityReader(
        creneau.config, group_id="slot-app", held=HeldInMemory(), topic=creneau.slot_probability
    ) as reader:
        while len(found) < count:
            assert time.monotonic() < deadline, f"only {len(found)} answers"
            reader.deliver(found.extend, timeout=0.2)
    return found


@pytest.mark.kafka
@pytest.mark.containers
def test_every_published_slot_gets_the_stubs_probability(creneau: StubCreneau) -> None:
    with SlotPublisher(creneau.config, topic=creneau.slot_created) as publisher:
        for number in range(20):
            publisher.publish(slot(f"slot-{number}"))

    changes = heard(creneau, 20)

    assert {change.slot_id for change in changes} == {f"slot-{number}" for number in range(20)}
    assert {change.now.probability for change in changes} == {0.5}
    assert creneau.refused == []


@pytest.mark.kafka
def test_an_event_that_creneau_would_refuse_is_listed_with_its_code(creneau: StubCreneau) -> None:
    producer = Producer(creneau.config)
    producer.produce(creneau.slot_created, b"{", key=b"broken", partition=0)
    producer.flush(30)
    with SlotPublisher(creneau.config, topic=creneau.slot_created) as publisher:
        publisher.publish(slot("sound"))

    assert heard(creneau, 1)[0].slot_id == "sound"
    deadline = time.monotonic() + 30
    while not creneau.refused:
        assert time.monotonic() < deadline
        time.sleep(0.02)

    assert [(event.key, event.code) for event in creneau.refused] == [(b"broken", "not-json")]


class TestAnotherAnswer:
    @pytest.fixture
    def creneau_probability(self) -> float | None:
        return None

    @pytest.mark.kafka
    def test_the_stub_can_withdraw(self, creneau: StubCreneau) -> None:
        with SlotPublisher(creneau.config, topic=creneau.slot_created) as publisher:
            publisher.publish(slot("withdrawn"))

        assert heard(creneau, 1)[0].withdrawn


@pytest.mark.parametrize(
    ("asked", "engine", "kind"),
    [
        ("embedded", True, EmbeddedKafka),
        ("container", False, ContainerKafka),
        ("auto", True, ContainerKafka),
        ("auto", False, EmbeddedKafka),
        (None, True, ContainerKafka),
    ],
)
def test_the_variable_decides_and_otherwise_the_engine(
    asked: str | None,
    engine: bool,
    kind: type,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.delenv("CRENEAU_TEST_KAFKA", raising=False)
    if asked is not None:
        monkeypatch.setenv("CRENEAU_TEST_KAFKA", asked)
    monkeypatch.setattr(choice, "docker_answers", lambda: engine)

    assert isinstance(chosen_kafka(tmp_path), kind)


def test_an_unknown_kind_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CRENEAU_TEST_KAFKA", "cloud")

    with pytest.raises(UnknownKindError, match="auto, container, embedded"):
        chosen_kafka(tmp_path)
