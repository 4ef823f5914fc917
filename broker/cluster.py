"""What a cluster has: its brokers, and topics with their settings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from broker.errors import unavailable

TIMEOUT: Final = 15.0
OFFSETS_RETENTION: Final = "offsets.retention.minutes"


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic as it is: ``settings`` are the values in force, defaults included."""

    partitions: int
    replication: int
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Cluster:
    """What was found: topics by name (absent ones are not in it), settings by broker id."""

    topics: Mapping[str, Topic]
    brokers: Mapping[int, Mapping[str, str]]


def look(admin: AdminClient, names: Iterable[str], where: str = "the cluster") -> Cluster:
    """Ask the cluster for these topics and for every broker's settings.

    ``where`` is what an error calls the cluster.

    Raises:
        BrokerUnreachableError, NotAllowedError: nobody answered, or we may not look.
    """
    wanted = set(names)
    try:
        metadata = admin.list_topics(timeout=TIMEOUT)
        there = {name: topic for name, topic in metadata.topics.items() if name in wanted}
        topic_settings = _settings(admin, ResourceType.TOPIC, there)
        broker_settings = _settings(admin, ResourceType.BROKER, map(str, metadata.brokers))
    except KafkaException as error:
        raise unavailable(error, "looking at the topics", where) from error
    topics = {
        name: Topic(
            len(topic.partitions),
            min((len(part.replicas) for part in topic.partitions.values()), default=0),
            topic_settings[name],
        )
        for name, topic in there.items()
    }
    return Cluster(topics, {int(name): found for name, found in broker_settings.items()})


def _settings(
    admin: AdminClient, kind: ResourceType, names: Iterable[str]
) -> dict[str, dict[str, str]]:
    resources = [ConfigResource(kind, name) for name in names]
    if not resources:
        return {}
    futures = admin.describe_configs(resources, request_timeout=TIMEOUT)
    return {
        resource.name: {
            entry.name: entry.value for entry in future.result().values() if entry.value is not None
        }
        for resource, future in futures.items()
    }
