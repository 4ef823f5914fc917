"""Create the topics that are missing, grow those that are too narrow, say how a cluster differs."""

import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    NewPartitions,
    NewTopic,
    ResourceType,
)

from broker.clients import where_is
from broker.cluster import TIMEOUT, Cluster, look
from broker.errors import BrokerUnreachableError, kafka_error, unavailable
from broker.names import Names
from broker.topic_differences import Difference, differences
from broker.topic_specs import TopicSpec, count_partitions, replication_factor, topic_specs
from producer_contract.errors import BadUseError, UnavailableError
from producer_contract.topics import PARTITIONS

__all__ = [
    "CannotShrinkError",
    "Difference",
    "TopicsUnusableError",
    "alter",
    "apply",
    "check",
    "refuse_unusable",
]

_SETTLE_SECONDS: Final = 30.0


class TopicsUnusableError(UnavailableError):
    """A topic is missing, or set in a way that would break a promise: nothing was started."""


class CannotShrinkError(BadUseError):
    """Kafka cannot take partitions away."""


def check(admin: AdminClient, names: Names, where: str = "the cluster") -> list[Difference]:
    """Every difference between the cluster and what we need; empty when all is well.

    ``where`` is what an error calls the cluster.

    Raises:
        BrokerUnreachableError, NotAllowedError: the cluster cannot be looked at.
    """
    return differences(_look(admin, names, where), names)


def refuse_unusable(admin: AdminClient, names: Names, where: str = "the cluster") -> None:
    """Raise unless every topic is there and none is set in a way that breaks a promise.

    Raises:
        TopicsUnusableError: names the first culprit and how many more there are.
        BrokerUnreachableError, NotAllowedError: the cluster cannot be looked at.
    """
    blocking = [difference for difference in check(admin, names, where) if difference.blocking]
    if blocking:
        more = f" (and {len(blocking) - 1} more)" if len(blocking) > 1 else ""
        raise TopicsUnusableError(
            f"topic {blocking[0]}{more}: see `creneau topics check`, mend with "
            "`creneau topics apply`"
        )


def apply(
    admin: AdminClient,
    names: Names,
    *,
    partitions: int | None = None,
    where: str = "the cluster",
) -> list[str]:
    """Create what is missing, and grow: outputs and dead letters first, the source last.

    Settings of topics that exist are left alone: see ``alter``. May be run any number of times,
    and by several at once.

    Args:
        partitions: of the source, outputs and dead letters; None: as the source has, or 8.
        where: what an error calls the cluster.

    Returns:
        One line for each thing that was done.

    Raises:
        CannotShrinkError: the source has more than ``partitions``.
        BrokerUnreachableError, NotAllowedError: the cluster cannot be reached or refuses.
    """
    done: list[str] = []
    deadline = time.monotonic() + _SETTLE_SECONDS
    while True:
        # Again and again until nothing is left to do: what the cluster shows lags behind what was
        # just done, by us or by somebody else.
        cluster = _look(admin, names, where)
        # Without the source nobody knows yet how wide the others are to be.
        ready = partitions is not None or not _source_is_hidden(admin, names, cluster)
        steps = _steps(cluster, names, partitions) if ready else []
        for spec, there in steps:
            done += _create(admin, spec, cluster) if there is None else _grow(admin, spec, there)
        if ready and not steps and not _leaderless(cluster):
            return done
        if time.monotonic() > deadline:
            raise _unsettled(where)
        time.sleep(0.05)


def _steps(
    cluster: Cluster, names: Names, partitions: int | None
) -> list[tuple[TopicSpec, int | None]]:
    """What to do, in order: a topic, and how many partitions it has now (None: it is missing)."""
    source = cluster.topics.get(names.slot_created)
    there = source.partitions if source else 0
    if partitions is not None and partitions < there:
        raise CannotShrinkError(
            f"'{names.slot_created}' has {there} partitions and cannot shrink to {partitions}"
        )
    steps: list[tuple[TopicSpec, int | None]] = []
    for spec in topic_specs(names, partitions or there or PARTITIONS, len(cluster.brokers)):
        topic = cluster.topics.get(spec.name)
        if topic is None:
            steps.append((spec, None))
        elif topic.partitions < spec.partitions and spec.name in _mirrored(names):
            steps.append((spec, topic.partitions))
    return steps


def _source_is_hidden(admin: AdminClient, names: Names, cluster: Cluster) -> bool:
    """Whether somebody has just created it: the controller knows it, the broker that was asked does
    not show it yet."""
    if names.slot_created in cluster.topics:
        return False
    specs = topic_specs(names, PARTITIONS, len(cluster.brokers))
    # As it would be created: a policy of the cluster judges this request too.
    new = next(_new_topic(spec, cluster) for spec in specs if spec.name == names.slot_created)
    future = admin.create_topics([new], operation_timeout=TIMEOUT, validate_only=True)
    doing = f"looking for topic '{names.slot_created}'"
    return not _result(future[names.slot_created], doing, fine=KafkaError.TOPIC_ALREADY_EXISTS)


def _leaderless(cluster: Cluster) -> bool:
    return any(topic.leaderless for topic in cluster.topics.values())


def alter(admin: AdminClient, found: Sequence[Difference]) -> list[str]:
    """Set the topic settings that differ; give one line for each, once the cluster shows them.

    Raises:
        BrokerUnreachableError, NotAllowedError: the cluster cannot be reached or refuses.
    """
    done = []
    chosen = [difference for difference in found if difference.alterable is not None]
    for difference in chosen:
        entry = ConfigEntry(
            difference.what,
            difference.alterable,
            source=ConfigSource.DYNAMIC_TOPIC_CONFIG,
            incremental_operation=AlterConfigOpType.SET,
        )
        resource = ConfigResource(ResourceType.TOPIC, difference.where, incremental_configs=[entry])
        futures = admin.incremental_alter_configs([resource], request_timeout=TIMEOUT)
        _result(futures[resource], f"setting {difference.what} of '{difference.where}'")
        done.append(
            f"set {difference.what} of {difference.where} to {difference.alterable} "
            f"(was {difference.found})"
        )
    _wait_until_shown(admin, chosen)
    return done


def _wait_until_shown(admin: AdminClient, chosen: Sequence[Difference]) -> None:
    """A broker answers before it shows what was set: who looks at once would find it unmended."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    where = where_is(admin)
    while True:
        topics = look(admin, {difference.where for difference in chosen}, where).topics
        if all(
            difference.where in topics
            and topics[difference.where].settings.get(difference.what) == difference.alterable
            for difference in chosen
        ):
            return
        if time.monotonic() > deadline:
            raise _unsettled(where)
        time.sleep(0.05)


def _unsettled(where: str) -> BrokerUnreachableError:
    return BrokerUnreachableError(
        f"the topics on {where} do not settle within {_SETTLE_SECONDS:.0f} s: is every broker "
        "running? creneau topics check"
    )


def _look(admin: AdminClient, names: Names, where: str) -> Cluster:
    return look(admin, [spec.name for spec in topic_specs(names)], where)


def _mirrored(names: Names) -> tuple[str, ...]:
    """The topics that have as many partitions as the source, itself included."""
    return names.slot_probability, names.dead_letters, names.slot_created


def _new_topic(spec: TopicSpec, cluster: Cluster) -> NewTopic:
    return NewTopic(
        spec.name,
        num_partitions=spec.partitions,
        replication_factor=replication_factor(len(cluster.brokers)),
        config=dict(spec.settings),
    )


def _create(admin: AdminClient, spec: TopicSpec, cluster: Cluster) -> list[str]:
    """Create a topic; no line when it turns out to be there."""
    new = _new_topic(spec, cluster)
    future = admin.create_topics([new], operation_timeout=TIMEOUT)[spec.name]
    done = _result(future, f"creating topic '{spec.name}'", fine=KafkaError.TOPIC_ALREADY_EXISTS)
    return [f"created {spec.name} with {count_partitions(spec.partitions)}"] if done else []


def _grow(admin: AdminClient, spec: TopicSpec, there: int) -> list[str]:
    """Add partitions; no line when it turns out that it has as many."""
    wider = NewPartitions(spec.name, spec.partitions)
    future = admin.create_partitions([wider], operation_timeout=TIMEOUT)[spec.name]
    done = _result(future, f"growing topic '{spec.name}'", fine=KafkaError.INVALID_PARTITIONS)
    return [f"grew {spec.name} from {there} to {count_partitions(spec.partitions)}"] if done else []


def _result(future: "Future[Any]", doing: str, fine: int | None = None) -> bool:
    """Wait for the cluster's answer; False: it is the error that is ``fine``."""
    try:
        future.result()
    except KafkaException as error:
        if kafka_error(error).code() == fine:
            return False
        raise unavailable(error, doing, "the cluster") from error
    return True
