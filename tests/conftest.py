"""The Kafka that tests run on.

``kafka`` is one broker for the whole session: embedded by default, in a container with
``CRENEAU_TEST_KAFKA=container``. Tests keep apart by prefix. A test that stops brokers or changes
their settings asks for ``own_kafka``.
"""

import signal
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from broker.clients import new_admin
from broker.settings import KafkaSettings
from producer_contract.testing.choice import chosen_kafka
from producer_contract.testing.embedded import EmbeddedKafka
from tests.emulator import emulator, new_warehouse, warehouse

__all__ = ["emulator", "new_warehouse", "warehouse"]

# Started in the background of a shell, we would ignore SIGINT, and so would every process that a
# test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


class RunningKafka(Protocol):
    @property
    def bootstrap_servers(self) -> str: ...


OwnKafka = Callable[..., EmbeddedKafka]


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningKafka]:
    """A running Kafka, shared by the session."""
    with chosen_kafka(tmp_path_factory.mktemp("kafka"), default="embedded") as running:
        yield running


@pytest.fixture
def kafka_settings(kafka: RunningKafka) -> KafkaSettings:
    """The shared Kafka under a prefix of this test's own; no topics yet."""
    return KafkaSettings(kafka.bootstrap_servers, prefix=f"t{uuid.uuid4().hex[:8]}-")


@pytest.fixture
def topics(kafka_settings: KafkaSettings, request: pytest.FixtureRequest) -> KafkaSettings:
    """``kafka_settings`` with the six topics created.

    The source has 2 partitions, or as many as asked for with
    ``@pytest.mark.parametrize("topics", [8], indirect=True)``.
    """
    from broker.topics import apply

    partitions: int = getattr(request, "param", 2)
    apply(new_admin(kafka_settings), kafka_settings.names, partitions=partitions)
    return kafka_settings


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[OwnKafka]:
    """Start private clusters: ``own_kafka(brokers=1, server_properties={…})``, stopped at the end.

    The n-th cluster's data and logs lie under ``tmp_path / "kafka-n"``.
    """
    with ExitStack() as running:
        started = 0

        def start(
            brokers: int = 1, server_properties: Mapping[str, str] | None = None
        ) -> EmbeddedKafka:
            nonlocal started
            started += 1
            folder = tmp_path / f"kafka-{started}"
            cluster = EmbeddedKafka(folder, brokers, server_properties=server_properties)
            return running.enter_context(cluster)

        yield start
