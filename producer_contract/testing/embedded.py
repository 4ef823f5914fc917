"""A real Apache Kafka for tests and sandboxes, without Java, Docker or root."""

import base64
import shutil
import subprocess
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from producer_contract.testing import jars
from producer_contract.testing.broker import SMALL, Broker, java_command, last_words
from producer_contract.testing.errors import (
    FolderUnusableError,
    KafkaDidNotStartError,
    PortInUseError,
    WrongBrokerCountError,
)
from producer_contract.testing.ports import HOST, free_ports, is_free
from producer_contract.testing.ready import wait_until_ready
from producer_contract.testing.server_properties import Node, properties_text, server_properties

START_SECONDS: Final = 60.0
_PORT_TRIES: Final = 5
_PORT_TAKEN: Final = ("Address already in use", "Failed to bind", "SocketException")


class EmbeddedKafka:
    """Apache Kafka in KRaft mode, each node broker and controller at once.

    Starts in a few seconds. A folder that held a cluster before goes on with its data.

    Args:
        folder: where data (``broker-N/``), settings and logs (``broker-N.log``) go; made if absent.
        brokers: 1, or 3 for a replicated cluster.
        ports: one port a broker; default: free ones, chosen again should another program be faster.
        server_properties: broker settings that win over ours (strings, as in server.properties).
        jvm: flags for the JVM, such as ``broker.SMALL`` (default) or ``broker.STEADY``.
        watched: the brokers die with this process, even if it is killed; False: they outlive it.

    Raises (from ``start``):
        JarsUnavailableError, JarRefusedError: see ``jars.class_path``.
        PortInUseError: a port given by number is taken.
        WrongBrokerCountError: the folder holds a cluster of another size.
        FolderUnusableError: the folder cannot be made or written to, or is full.
        KafkaDidNotStartError: names the log and its most telling line.
    """

    def __init__(
        self,
        folder: Path,
        brokers: int = 1,
        *,
        ports: Sequence[int] | None = None,
        server_properties: Mapping[str, str] | None = None,
        jvm: Sequence[str] = SMALL,
        watched: bool = True,
    ) -> None:
        self.folder = folder.absolute()
        self.brokers: list[Broker] = []
        self._count = brokers
        self._ports = list(ports) if ports is not None else None
        self._overrides = dict(server_properties or {})
        self._jvm = tuple(jvm)
        self._watched = watched

    @property
    def bootstrap_servers(self) -> str:
        """``host:port`` of every broker, separated by commas."""
        return ",".join(f"{HOST}:{broker.port}" for broker in self.brokers)

    def start(self, timeout: float = START_SECONDS) -> Self:
        """Start every broker and wait until the cluster answers; ``timeout`` in seconds."""
        deadline = time.monotonic() + timeout
        self._refuse_taken_ports()
        class_path = jars.class_path()
        try:
            return self._start(class_path, deadline)
        except OSError as error:
            raise FolderUnusableError(
                f"Kafka cannot be kept in {error.filename or self.folder}: "
                f"{error.strerror or error}; choose another folder"
            ) from error

    def _start(self, class_path: str, deadline: float) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        for tries_left in reversed(range(_PORT_TRIES)):
            self._lay_out(class_path)
            try:
                self._start_brokers(deadline)
                return self
            except KafkaDidNotStartError as error:
                self.stop()
                raced = self._ports is None and any(sign in str(error) for sign in _PORT_TAKEN)
                if not raced or not tries_left:
                    raise
            except BaseException:
                self.stop()
                raise
        raise AssertionError("unreachable: the last try returns or raises")

    def stop(self) -> None:
        """Stop every broker: SIGTERM to all, then SIGKILL to those that stay."""
        for broker in self.brokers:
            broker.request_stop()
        for broker in self.brokers:
            broker.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _refuse_taken_ports(self) -> None:
        for port in self._ports or ():
            if not is_free(port):
                raise PortInUseError(
                    f"port {port} on {HOST} is in use: stop what listens there, or choose another"
                )

    def _start_brokers(self, deadline: float) -> None:
        for broker in self.brokers:
            broker.start()
        for broker in self.brokers:
            broker.wait_until_listening(deadline)
        cluster_id = _property(self.folder / "broker-1" / "meta.properties", "cluster.id")
        wait_until_ready(self.bootstrap_servers, self.brokers, cluster_id, deadline)

    def _lay_out(self, class_path: str) -> None:
        """Choose ports, write every node's settings, format what has not been formatted yet."""
        nodes = self._nodes()
        self.brokers = []
        for node in nodes:
            name = f"broker-{node.node_id}"
            settings = server_properties(node, nodes, self.folder / name, self._overrides)
            broker = Broker(
                node_id=node.node_id,
                port=node.port,
                properties_file=self.folder / f"{name}.properties",
                log_file=self.folder / f"{name}.log",
                class_path=class_path,
                scratch=self._scratch(),
                jvm=self._jvm,
                watched=self._watched,
            )
            broker.properties_file.write_text(properties_text(settings), "utf-8")
            broker.log_file.unlink(missing_ok=True)
            self.brokers.append(broker)
        self._format(class_path)

    def _scratch(self) -> Path:
        scratch = self.folder / "tmp"
        scratch.mkdir(exist_ok=True)
        return scratch

    def _nodes(self) -> list[Node]:
        ports = self._ports or free_ports(self._count)
        if len(ports) != self._count:
            raise PortInUseError(
                f"{self._count} brokers need {self._count} ports, not {len(ports)}"
            )
        controllers = [port for port in free_ports(2 * self._count) if port not in ports]
        return [Node(index + 1, port, controllers[index]) for index, port in enumerate(ports)]

    def _format(self, class_path: str) -> None:
        """Format the first node with Kafka's own tool; the others get the same with another id.

        A formatted folder holds ``meta.properties`` (node id, a random directory id) and the
        feature levels: one JVM is enough for all.
        """
        first, *others = [self.folder / f"broker-{broker.node_id}" for broker in self.brokers]
        formatted = len(list(self.folder.glob("broker-*/meta.properties")))
        if formatted == len(self.brokers):
            return
        if formatted:
            raise WrongBrokerCountError(
                f"{self.folder} holds a cluster of {formatted}, not of {len(self.brokers)}: start "
                "that many, or delete the folder"
            )
        log = self.folder / "format.log"
        command = java_command(
            SMALL, class_path, self._scratch(), "kafka.tools.StorageTool", "format",
            "--cluster-id", _random_id(), "--config", str(self.brokers[0].properties_file),
        )  # fmt: skip
        with log.open("wb") as output:
            done = subprocess.run(command, stdout=output, stderr=output, check=False)
        if done.returncode:
            raise KafkaDidNotStartError(f"Kafka cannot format {first}; {last_words(log)}")
        for node_id, other in enumerate(others, start=2):
            shutil.copytree(first, other)
            _give_identity(other / "meta.properties", node_id)


def _property(file: Path, name: str) -> str:
    lines = file.read_text("utf-8").splitlines()
    return next(line.partition("=")[2] for line in lines if line.startswith(f"{name}="))


def _give_identity(meta: Path, node_id: int) -> None:
    own = {"node.id": str(node_id), "directory.id": _random_id()}
    lines = meta.read_text("utf-8").splitlines()
    changed = [
        f"{key}={own[key]}" if (key := line.partition("=")[0]) in own else line for line in lines
    ]
    meta.write_text("\n".join(changed) + "\n", "utf-8")


def _random_id() -> str:
    """A UUID in the 22 characters that Kafka uses; it may not start with a dash."""
    encoded = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    return encoded if not encoded.startswith("-") else _random_id()
