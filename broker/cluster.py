"""What a cluster has: its brokers, and topics with their settings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from broker.clients import where_is
from broker.errors import kafka_error, unavailable

TIMEOUT: Final = 10.0
OFFSETS_RETENTION: Final = "offsets.retention.minutes"


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic as it is.

    ``replication``: of its least replicated partition. ``leaderless``: how many partitions have no
    leader now. ``settings``: the values in force, defaults included.
    """

    partitions: int
    replication: int
    leaderless: int
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
            partitions=len(topic.partitions),
            replication=min((len(part.replicas) for part in topic.partitions.values()), default=0),
            leaderless=sum(part.leader < 0 for part in topic.partitions.values()),
            settings=topic_settings[name],
        )
        for name, topic in there.items()
        if name in topic_settings
    }
    return Cluster(topics, {int(name): found for name, found in broker_settings.items()})


def topic_id(admin: AdminClient, topic: str) -> str:
    """The id that the cluster gave a topic when it was created: another one for each of its lives.

    Raises:
        TopicMissingError: there is no such topic.
    """
    futures = admin.describe_topics(TopicCollection([topic]), request_timeout=TIMEOUT)
    try:
        return str(futures[topic].result().topic_id)
    except KafkaException as error:
        raise unavailable(error, f"looking at topic '{topic}'", where_is(admin)) from error


def _settings(
    admin: AdminClient, kind: ResourceType, names: Iterable[str]
) -> dict[str, dict[str, str]]:
    resources = [ConfigResource(kind, name) for name in names]
    if not resources:
        return {}
    futures = admin.describe_configs(resources, request_timeout=TIMEOUT)
    found = {}
    for resource, future in futures.items():
        try:
            entries = future.result().values()
        except KafkaException as error:
            # Just created or just deleted: the broker that answers has not heard of it.
            if kafka_error(error).code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                continue
            raise
        found[resource.name] = {
            entry.name: entry.value for entry in entries if entry.value is not None
        }
    return found
