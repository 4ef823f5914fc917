"""The broker settings of an embedded cluster: every node is a broker and a controller."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from producer_contract.testing.ports import HOST


@dataclass(frozen=True, slots=True)
class Node:
    """One node of the cluster: ``node_id`` from 1, and its two ports."""

    node_id: int
    port: int
    controller_port: int


def server_properties(
    node: Node, nodes: Sequence[Node], log_dir: Path | str, overrides: Mapping[str, str]
) -> dict[str, str]:
    """The ``server.properties`` of one node; ``overrides`` win.

    With three nodes or more, everything is replicated three times and two must acknowledge.
    """
    replication = "3" if len(nodes) >= 3 else "1"
    acknowledging = "2" if len(nodes) >= 3 else "1"
    voters = ",".join(f"{each.node_id}@{HOST}:{each.controller_port}" for each in nodes)
    properties = {
        "process.roles": "broker,controller",
        "node.id": str(node.node_id),
        "controller.quorum.voters": voters,
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{HOST}:{node.port},CONTROLLER://{HOST}:{node.controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{node.port}",
        "log.dirs": str(log_dir),
        "auto.create.topics.enable": "false",
        "default.replication.factor": replication,
        "min.insync.replicas": acknowledging,
        "offsets.topic.replication.factor": replication,
        "transaction.state.log.replication.factor": replication,
        "transaction.state.log.min.isr": acknowledging,
        "share.coordinator.state.topic.replication.factor": replication,
        "share.coordinator.state.topic.min.isr": acknowledging,
        # One machine: few internal partitions, no waiting for more members, short sessions allowed.
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.num.partitions": "4",
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "1000",
        # What a killed client left open holds every read_committed reader back: by default for its
        # time-out and up to 10 s more.
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
        # The default of 128 MB would be most of the heap.
        "log.cleaner.dedupe.buffer.size": str(2 * 1024 * 1024),
    }
    return properties | dict(overrides)


def properties_text(properties: Mapping[str, str]) -> str:
    """A Java properties file (backslashes doubled, as Java reads them)."""
    lines = [f"{key}={value}".replace("\\", "\\\\") for key, value in properties.items()]
    return "\n".join(lines) + "\n"
