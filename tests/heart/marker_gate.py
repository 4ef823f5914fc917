"""A cluster whose transaction markers can be held back.

Kafka answers a commit before it writes the markers: the coordinator sends them to the partitions'
leaders afterwards, as WriteTxnMarkers requests. Here two brokers talk to each other (and each to
itself) through a gate, which lets everything pass but, while it is shut, those. So a committed
transaction shows in some logs and not in others for as long as a test likes.
"""

import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from confluent_kafka.admin import NewTopic

from broker.clients import new_admin
from broker.groups import committed
from broker.settings import KafkaSettings
from broker.topic_specs import topic_specs
from producer_contract.testing import embedded
from producer_contract.testing.ports import HOST, free_ports
from producer_contract.testing.server_properties import Node, server_properties
from tests.consumer.world import eventually

WRITE_TXN_MARKERS = 27
"""Its key in Kafka's protocol."""


class Gate:
    """Passes one broker's requests on to it; holds markers back while it is shut."""

    def __init__(self, port: int, target: int) -> None:
        self._target = target
        self._open = threading.Event()
        self._open.set()
        self.holds = threading.Event()
        """Set once a marker waits at the shut gate."""
        self._listener = socket.create_server((HOST, port))
        self._connections: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def shut(self) -> None:
        self.holds.clear()
        self._open.clear()

    def open(self) -> None:
        self._open.set()

    def close(self) -> None:
        self.open()
        for connection in [self._listener, *self._connections]:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        for connection in [self._listener, *self._connections]:
            connection.close()

    def _start(self, target: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                asking, _ = self._listener.accept()
                answering = socket.create_connection((HOST, self._target))
                self._connections += [asking, answering]
                self._start(self._requests, asking, answering)
                self._start(self._answers, asking, answering)

    def _requests(self, asking: socket.socket, answering: socket.socket) -> None:
        """Frame by frame: four bytes of length, two of the request's key, the rest."""
        with suppress(OSError), asking.makefile("rb") as requests:
            while head := requests.read(6):
                length, key = struct.unpack(">ih", head)
                frame = head + requests.read(length - 2)
                if key == WRITE_TXN_MARKERS and not self._open.is_set():
                    self.holds.set()
                    self._open.wait()
                answering.sendall(frame)
            answering.shutdown(socket.SHUT_WR)

    def _answers(self, asking: socket.socket, answering: socket.socket) -> None:
        with suppress(OSError):
            while part := answering.recv(65_536):
                asking.sendall(part)
            asking.shutdown(socket.SHUT_WR)


class GatedCluster:
    """Two brokers, each behind a gate of its own for what brokers send it."""

    def __init__(self, bootstrap_servers: str, gates: Mapping[int, Gate]) -> None:
        self.bootstrap_servers = bootstrap_servers
        self.gates = gates
        self._admin = new_admin(KafkaSettings(bootstrap_servers))
        # A question about a group makes Kafka create the topic of the groups' offsets.
        eventually("the groups' offsets", self._offsets_leader)

    def topics_apart(self, kafka: KafkaSettings, apart: str) -> Gate:
        """Our topics, the source with one partition; the gate before the broker of ``apart``,
        which leads that topic and nothing else of ours, the groups' offsets included."""
        here = self._offsets_leader()
        assert here is not None
        there = next(broker for broker in self.gates if broker != here)
        wanted = [
            NewTopic(
                spec.name,
                spec.partitions,
                replica_assignment=[[there if spec.name == apart else here]] * spec.partitions,
                config=dict(spec.settings),
            )
            for spec in topic_specs(kafka.names, partitions=1, brokers=2)
        ]
        for future in self._admin.create_topics(wanted).values():
            future.result()
        for topic in wanted:
            eventually(
                f"a leader of {topic.topic}",
                lambda name=topic.topic: self._leader(name) is not None,  # type: ignore[misc]
            )
        return self.gates[there]

    def _offsets_leader(self) -> int | None:
        committed(self._admin, "any", "any", [0])
        return self._leader("__consumer_offsets")

    def _leader(self, topic: str) -> int | None:
        found = self._admin.list_topics(topic, timeout=10).topics[topic].partitions
        leaders = {partition.leader for partition in found.values()}
        return leaders.pop() if len(leaders) == 1 and -1 not in leaders else None


@contextmanager
def gated_cluster(folder: Path) -> Iterator[GatedCluster]:
    """Started, and stopped at the end of the block."""
    inner, outer = free_ports(2), free_ports(2)

    def with_gate(
        node: Node, nodes: Sequence[Node], log_dir: Path | str, overrides: Mapping[str, str]
    ) -> dict[str, str]:
        place = node.node_id - 1
        own = server_properties(node, nodes, log_dir, overrides)
        return own | {
            "listeners": f"{own['listeners']},BROKERS://{HOST}:{inner[place]}",
            "advertised.listeners": f"{own['advertised.listeners']},BROKERS://{HOST}:{outer[place]}",
            "listener.security.protocol.map": (
                "PLAINTEXT:PLAINTEXT,BROKERS:PLAINTEXT,CONTROLLER:PLAINTEXT"
            ),
            "inter.broker.listener.name": "BROKERS",
            "offsets.topic.num.partitions": "1",
            "transaction.state.log.num.partitions": "1",
        }

    gates = {place + 1: Gate(outer[place], inner[place]) for place in range(2)}
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(embedded, "server_properties", with_gate)
            cluster = embedded.EmbeddedKafka(folder, brokers=2)
            with cluster:
                yield GatedCluster(cluster.bootstrap_servers, gates)
                for broker in cluster.brokers:
                    # The second of two cannot leave in order: no majority is left to let it go.
                    broker.kill()
    finally:
        for gate in gates.values():
            gate.close()
