"""pytest fixtures for a slot app's own tests: a Kafka, the topics, and a stub scorer.

In the slot app's ``conftest.py``::

    pytest_plugins = ["producer_contract.testing.plugin"]

In a test::

    def test_the_probability_arrives(creneau):
        with SlotPublisher(creneau.config, topic=creneau.slot_created) as publisher:
            publisher.publish(event)
        ...  # read creneau.slot_probability: 0.5, as the stub answers

Kafka runs in a container where a Docker engine answers, embedded elsewhere;
``CRENEAU_TEST_KAFKA=container`` or ``embedded`` decides, ``CRENEAU_KAFKA_IMAGE`` names the image.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from producer_contract import topics
from producer_contract.testing.border_topics import create_topics
from producer_contract.testing.choice import chosen_kafka
from producer_contract.testing.stub_scorer import RefusedEvent, StubScorer

PARTITIONS = 2


@dataclass(frozen=True, slots=True)
class StubCreneau:
    """What a test needs to know: the brokers, this test's own topics, and the stub behind them."""

    bootstrap_servers: str
    slot_created: str
    slot_probability: str
    scorer: StubScorer

    @property
    def config(self) -> dict[str, str]:
        """For ``SlotPublisher`` and ``ProbabilityReader``, or any librdkafka client."""
        return {"bootstrap.servers": self.bootstrap_servers}

    @property
    def refused(self) -> list[RefusedEvent]:
        """The events that Créneau would refuse, with code and reason. A test wants none."""
        return self.scorer.refused


@pytest.fixture(scope="session")
def creneau_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The ``bootstrap.servers`` of a Kafka that runs for the whole session."""
    with chosen_kafka(tmp_path_factory.mktemp("creneau-kafka")) as kafka:
        yield kafka.bootstrap_servers


@pytest.fixture
def creneau_probability() -> float | None:
    """What the stub answers; a test module may define a fixture of this name with another."""
    return 0.5


@pytest.fixture
def creneau(creneau_kafka: str, creneau_probability: float | None) -> Iterator[StubCreneau]:
    """Topics of this test's own, and a stub scorer that answers every event on them."""
    prefix = f"t{uuid.uuid4().hex[:8]}-"
    source, output = prefix + topics.SLOT_CREATED, prefix + topics.SLOT_PROBABILITY
    create_topics(creneau_kafka, [source, output], PARTITIONS)
    with StubScorer(
        creneau_kafka, probability=creneau_probability, source=source, output=output
    ) as scorer:
        yield StubCreneau(creneau_kafka, source, output, scorer)
