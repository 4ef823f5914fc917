"""Apache Kafka in a container, where a Docker engine answers.

Started by path, so that any image will do that has Kafka's scripts under /opt/kafka/bin:
``apache/kafka`` does, whose own entry point is passed by.
"""

import os
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

from producer_contract.testing.broker import telling_line
from producer_contract.testing.errors import KafkaDidNotStartError
from producer_contract.testing.jars import KAFKA_VERSION
from producer_contract.testing.ports import free_ports
from producer_contract.testing.ready import brokers_known
from producer_contract.testing.server_properties import Node, properties_text, server_properties

START_SECONDS: Final = 120.0
_PORT: Final = 9092
_CONTROLLER_PORT: Final = 9093
_INTERNAL_PORT: Final = 9094
_FOLDER: Final = "/tmp/creneau-kafka"
_SETTINGS: Final = "/tmp/creneau-server.properties"
_COMMAND: Final = (
    f"/opt/kafka/bin/kafka-storage.sh format --cluster-id creneau-tests-00000000 "
    f"--config {_SETTINGS} && exec /opt/kafka/bin/kafka-server-start.sh {_SETTINGS}"
)


def image() -> str:
    """The image: ``CRENEAU_KAFKA_IMAGE``, or Apache's."""
    return os.environ.get("CRENEAU_KAFKA_IMAGE", f"apache/kafka:{KAFKA_VERSION}")


def docker_answers() -> bool:
    """True when a Docker engine answers (``DOCKER_HOST``, or this machine's)."""
    from docker.errors import DockerException
    from testcontainers.core.docker_client import DockerClient

    try:
        client = DockerClient(timeout=5).client
        try:
            return bool(client.ping())
        finally:
            client.close()
    except DockerException:
        return False


class ContainerKafka:
    """One broker in a container; a context manager.

    Raises (from ``start``):
        KafkaDidNotStartError: no engine, no image, or the broker died; with its last words.
    """

    def __init__(self, server_properties: Mapping[str, str] | None = None) -> None:
        self._overrides = dict(server_properties or {})
        self._container: Any = None
        self._address = ""

    @property
    def bootstrap_servers(self) -> str:
        """``host:port``, as reached from this machine."""
        return self._address

    def start(self, timeout: float = START_SECONDS) -> Self:
        """Start the container and wait until the broker answers; ``timeout`` in seconds."""
        from docker.errors import DockerException
        from testcontainers.core.container import DockerContainer

        # Kafka tells clients its address, so the port must be known before it starts.
        (port,) = free_ports(1)
        try:
            container = DockerContainer(image())
            host = container.get_docker_client().host()
            self._address = f"{host}:{port}"
            container.with_bind_ports(_PORT, port)
            container.with_kwargs(entrypoint=["/bin/sh", "-c"])
            container.with_command([_COMMAND])
            container.with_env("KAFKA_HEAP_OPTS", "-Xmx512m")
            container.with_copy_into_container(self._settings(host, port), _SETTINGS)
            self._container = container
            container.start()
            self._wait_until_ready(time.monotonic() + timeout)
        except DockerException as error:
            self.stop()
            raise KafkaDidNotStartError(
                f"Docker cannot run {image()} ({_one_line(error)}): is the engine running, and "
                "the image there? CRENEAU_KAFKA_IMAGE names another"
            ) from error
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Remove the container and its data."""
        if self._container is not None:
            self._container.stop()
            self._container = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _settings(self, host: str, port: int) -> bytes:
        node = Node(1, port, _CONTROLLER_PORT)
        # The broker talks to itself too (transaction markers): inside, not by the host's port.
        listeners = {
            "listeners": f"PLAINTEXT://:{_PORT},INTERNAL://localhost:{_INTERNAL_PORT},"
            f"CONTROLLER://localhost:{_CONTROLLER_PORT}",
            "advertised.listeners": f"PLAINTEXT://{host}:{port},"
            f"INTERNAL://localhost:{_INTERNAL_PORT}",
            "inter.broker.listener.name": "INTERNAL",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,INTERNAL:PLAINTEXT,"
            "CONTROLLER:PLAINTEXT",
            "controller.quorum.voters": f"1@localhost:{_CONTROLLER_PORT}",
        }
        settings = server_properties(node, [node], _FOLDER, listeners | self._overrides)
        return properties_text(settings).encode()

    def _wait_until_ready(self, deadline: float) -> None:
        while not brokers_known(self._address, timeout=1.0):
            wrapped = self._container.get_wrapped_container()
            wrapped.reload()
            dead = wrapped.status not in ("created", "running")
            if dead or time.monotonic() > deadline:
                said = telling_line(wrapped.logs(tail=200).decode("utf-8", "replace"))
                what = "died at start" if dead else "does not answer"
                raise KafkaDidNotStartError(
                    f"Kafka in a container of {image()} {what}; it says: {said}"
                )
            time.sleep(0.1)


def _one_line(said: object) -> str:
    return " ".join(str(said).split())[:300]
