"""Kafka clients with the settings that exactly-once needs.

A user's librdkafka properties pass through, but never those on which correctness rests.
"""

import logging
import uuid
from contextlib import suppress
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from broker.errors import BadClientSettingError, kafka_error
from broker.settings import KafkaSettings

_LOG = logging.getLogger("creneau.kafka")
# What librdkafka says goes where the program sends its log; a user of the command line sees errors.
_LOG.addHandler(logging.NullHandler())

RESERVED = frozenset(
    {
        "acks",
        "enable.auto.commit",
        "enable.auto.offset.store",
        "enable.idempotence",
        "group.id",
        "isolation.level",
        "request.required.acks",
        "transactional.id",
    }
)
"""Properties that are ours: another value would break a promise in silence."""

CONNECT_SECONDS = 1.0
"""How long a new admin client waits for its first connection."""

_COMMON: dict[str, Any] = {
    "client.id": "creneau",
    # Partitions may be added at any time; the protocol counts on their being seen soon.
    "topic.metadata.refresh.interval.ms": 10_000,
    "reconnect.backoff.ms": 50,
    "reconnect.backoff.max.ms": 1_000,
}

_CONSUMER: dict[str, Any] = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "isolation.level": "read_committed",
    "auto.offset.reset": "error",
    "enable.partition.eof": False,
    "fetch.wait.max.ms": 50,
    # Bounded memory: what is fetched ahead of a slow reader (the default is 64 MiB).
    "queued.max.messages.kbytes": 16_384,
    # How long a full queue keeps from fetching. At librdkafka's default of a second whoever works
    # off a backlog, and so always has a full queue, waits half of the time for what is there.
    "fetch.queue.backoff.ms": 10,
    "allow.auto.create.topics": False,
}

_PRODUCER: dict[str, Any] = {
    "acks": "all",
    "enable.idempotence": True,
    "compression.type": "lz4",
    "linger.ms": 5,
    # Bounded memory: a full queue makes produce() wait, it never grows.
    "queue.buffering.max.kbytes": 65_536,
    "queue.buffering.max.messages": 200_000,
    # Failures reach us through the transaction; a report per success would only cost time.
    "delivery.report.only.error": True,
}


def config(kafka: KafkaSettings, ours: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    """Our defaults, then the user's properties, then what the caller needs.

    Raises:
        BadClientSettingError: the user's properties touch a reserved one.
    """
    touched = RESERVED.intersection(kafka.properties)
    if touched:
        raise BadClientSettingError(
            f"[kafka] may not set {', '.join(sorted(touched))}: exactly-once rests on it; remove it"
        )
    merged = _COMMON | ours | dict(kafka.properties) | overrides
    return merged | {"bootstrap.servers": kafka.bootstrap_servers}


def new_consumer(
    kafka: KafkaSettings, *, group_id: str | None = None, **overrides: Any
) -> Consumer:
    """A consumer that reads committed records and commits nothing by itself.

    Without ``group_id`` it is a plain reader for ``assign()``: its group's name is random and never
    written to. ``overrides`` are librdkafka properties with ``_`` for ``.``.
    """
    group = group_id if group_id is not None else f"{kafka.prefix}creneau-reader-{uuid.uuid4()}"
    properties = config(kafka, _CONSUMER, _dotted(overrides) | {"group.id": group})
    return _make(Consumer, properties, kafka)  # type: ignore[no-any-return]


def session_time_out(seconds: float) -> dict[str, int]:
    """The properties of a group's member (``_`` for ``.``) that is given up after ``seconds``."""
    session = int(seconds * 1_000)
    return {"session_timeout_ms": session, "heartbeat_interval_ms": max(session // 6, 100)}


def new_producer(
    kafka: KafkaSettings, *, transactional_id: str | None = None, **overrides: Any
) -> Producer:
    """An idempotent producer; with ``transactional_id`` a transactional one (not yet initialised).

    ``overrides`` are librdkafka properties with ``_`` for ``.``.
    """
    ours = _PRODUCER | ({"transactional.id": transactional_id} if transactional_id else {})
    return _make(Producer, config(kafka, ours, _dotted(overrides)), kafka)  # type: ignore[no-any-return]


def connect(client: Any, topic: str, timeout: float = CONNECT_SECONDS) -> None:
    """Have a connection before the first question: see ``new_admin``.

    ``topic``: one of Kafka's own, so that asking about it creates none of ours. Where nobody
    answers, the first real question says so.
    """
    with suppress(KafkaException):
        client.list_topics(topic, timeout=timeout)


class Admin(AdminClient):
    """An admin client that knows where its cluster is, for errors and further clients."""

    where: str = "the cluster"
    kafka: KafkaSettings


def new_admin(kafka: KafkaSettings) -> Admin:
    """An admin client, connected if a broker answers at once.

    A question that is asked before there is a connection may take a second, and so does every later
    one of that client (4 of 54 clients, librdkafka 2.16): its thread is not woken for them.
    """
    admin: Admin = _make(Admin, config(kafka, {}, {}), kafka)
    admin.where = kafka.bootstrap_servers
    admin.kafka = kafka
    # Where nobody answers, the first real question says so.
    with suppress(KafkaException):
        admin.describe_cluster(request_timeout=CONNECT_SECONDS).result()
    return admin


def settings_of(admin: AdminClient) -> KafkaSettings:
    """The settings that an admin client of ``new_admin`` was made with."""
    if not isinstance(admin, Admin):
        raise TypeError("this needs an admin client of broker.clients.new_admin")
    return admin.kafka


def where_is(admin: AdminClient) -> str:
    """What an error calls the admin client's cluster."""
    return admin.where if isinstance(admin, Admin) else Admin.where


def _dotted(overrides: dict[str, Any]) -> dict[str, Any]:
    return {name.replace("_", "."): value for name, value in overrides.items()}


def _make(client: Any, properties: dict[str, Any], kafka: KafkaSettings) -> Any:
    try:
        return client(properties, logger=_LOG)
    except (KafkaException, ValueError, TypeError) as error:
        reason = kafka_error(error).str() if isinstance(error, KafkaException) else str(error)
        raise BadClientSettingError(
            f"a Kafka client for {kafka.bootstrap_servers} cannot be made: {reason}; "
            "mend [kafka] in creneau.toml"
        ) from error
