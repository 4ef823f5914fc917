"""How a cluster differs from what we need. Pure: what was found in, differences out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from broker.cluster import OFFSETS_RETENTION, Cluster, Topic
from broker.names import Names
from broker.topic_specs import (
    DEAD_LETTER_ROOM,
    FOR_EVER,
    TopicSpec,
    count_partitions,
    replication_factor,
    topic_specs,
)
from producer_contract.topics import PARTITIONS

WEEK_MINUTES: Final = 7 * 24 * 60
"""Kafka's own default: an empty group's offsets live that long."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which the cluster is not as it should be.

    Args:
        where: a topic as it is called on the cluster, or ``broker N``.
        what: a setting, ``topic`` (missing), ``partitions`` or ``replication factor``.
        blocking: it breaks a promise; nothing may be scored until it is mended.
        alterable: the value that ``topics apply --alter`` would set; None: it cannot.
    """

    where: str
    what: str
    found: str
    wanted: str
    blocking: bool
    alterable: str | None = None

    def __str__(self) -> str:
        return f"{self.where}: {self.what} is {self.found}, should be {self.wanted}"


def differences(cluster: Cluster, names: Names) -> list[Difference]:
    """Every difference, topic by topic, then broker by broker; empty when all is well."""
    source = cluster.topics.get(names.slot_created)
    brokers = len(cluster.brokers)
    found: list[Difference] = []
    for spec in topic_specs(names, source.partitions if source else PARTITIONS, brokers):
        topic = cluster.topics.get(spec.name)
        if topic is None:
            wanted = f"there with {count_partitions(spec.partitions)}"
            found.append(Difference(spec.name, "topic", "missing", wanted, blocking=True))
            continue
        found += _partitions(spec, topic, names)
        found += _leaders(spec, topic)
        found += _replication(spec, topic, brokers)
        found += _settings(spec, topic, _wanted_settings(spec, source, names), names)
    return found + _brokers(cluster.brokers)


def _partitions(spec: TopicSpec, topic: Topic, names: Names) -> list[Difference]:
    if topic.partitions == spec.partitions or spec.name == names.replay_tasks:
        return []
    mirrors = spec.name in (names.slot_probability, names.dead_letters)
    wanted = f"{spec.partitions}, as {names.slot_created} has" if mirrors else f"{spec.partitions}"
    # Outputs with more partitions than the source do no harm: nothing is written to the rest.
    blocking = not (mirrors and topic.partitions > spec.partitions)
    return [Difference(spec.name, "partitions", str(topic.partitions), wanted, blocking)]


def _leaders(spec: TopicSpec, topic: Topic) -> list[Difference]:
    if not topic.leaderless:
        return []
    found = count_partitions(topic.leaderless)
    wanted = "none: is every broker running?"
    return [Difference(spec.name, "without a leader", found, wanted, blocking=True)]


def _replication(spec: TopicSpec, topic: Topic, brokers: int) -> list[Difference]:
    wanted = replication_factor(brokers)
    if topic.replication >= wanted:
        return []
    found = str(topic.replication)
    return [Difference(spec.name, "replication factor", found, f"{wanted}", blocking=False)]


def _wanted_settings(spec: TopicSpec, source: Topic | None, names: Names) -> dict[str, str]:
    """The spec's settings, where they follow the source's as it really is."""
    wanted = dict(spec.settings)
    if source is None:
        return wanted
    if spec.name == names.slot_probability:
        wanted["retention.ms"] = _longer(
            wanted["retention.ms"], source.settings.get("retention.ms", "0")
        )
    if spec.name == names.dead_letters:
        room = int(source.settings.get("max.message.bytes", "0")) + DEAD_LETTER_ROOM
        wanted["max.message.bytes"] = str(max(room, int(wanted["max.message.bytes"])))
    return wanted


def _settings(
    spec: TopicSpec, topic: Topic, wanted_settings: Mapping[str, str], names: Names
) -> list[Difference]:
    kept_whole = spec.name in (names.model_ledger, names.scoring_runs)
    found = []
    for setting, wanted in wanted_settings.items():
        value = topic.settings.get(setting, "unset")
        if _is_enough(setting, value, wanted):
            continue
        exact = setting == "cleanup.policy" or wanted == FOR_EVER
        said = wanted if exact else f"at least {wanted}"
        retention = setting.startswith("retention.")
        blocking = (kept_whole if retention else True) and setting != "min.insync.replicas"
        found.append(Difference(spec.name, setting, value, said, blocking, alterable=wanted))
    return found


def _is_enough(setting: str, value: str, wanted: str) -> bool:
    if value == wanted or setting == "cleanup.policy" or value == "unset":
        return value == wanted
    if setting.startswith("retention."):
        return _longer(value, wanted) == value
    return int(value) >= int(wanted)


def _longer(one: str, other: str) -> str:
    """The longer of two retentions; -1 is for ever."""
    return FOR_EVER if FOR_EVER in (one, other) else str(max(int(one), int(other)))


def _brokers(brokers: Mapping[int, Mapping[str, str]]) -> list[Difference]:
    return [
        Difference(
            f"broker {number}",
            OFFSETS_RETENTION,
            settings.get(OFFSETS_RETENTION, "unset"),
            f"at least {WEEK_MINUTES} (7 days): sooner, a stopped worker's offsets are forgotten",
            blocking=False,
        )
        for number, settings in sorted(brokers.items())
        if int(settings.get(OFFSETS_RETENTION, "0")) < WEEK_MINUTES
    ]
