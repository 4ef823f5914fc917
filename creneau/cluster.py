"""Whether the cluster is there and has our topics: asked once, before a command begins."""

from collections.abc import Iterable
from typing import Final

from confluent_kafka import KafkaException

from broker.clients import new_admin
from broker.errors import Decision, TopicMissingError, decide, kafka_error, unavailable
from broker.settings import KafkaSettings
from producer_contract.errors import UnavailableError

ANSWER_SECONDS: Final = 4.0
"""Everything after this question is patient; a person waits no longer than this for "no"."""


class NoClusterError(UnavailableError):
    """Nobody answers at the address of the cluster."""


def ready(kafka: KafkaSettings, topics: Iterable[str] | None = None) -> KafkaSettings:
    """The settings themselves, once the cluster has answered and has ``topics`` (None: all).

    Raises:
        NoClusterError: no broker answers in time.
        TopicMissingError: a topic is not there.
    """
    where = kafka.bootstrap_servers
    try:
        there = new_admin(kafka).list_topics(timeout=ANSWER_SECONDS).topics
    except KafkaException as error:
        if decide(kafka_error(error)) not in (Decision.WAIT, Decision.RETRY):
            raise unavailable(error, "asking for the topics", where) from error
        raise NoClusterError(
            f"no answer from Kafka at {where} ({kafka_error(error).name()}): start it, set "
            "CRENEAU_BOOTSTRAP_SERVERS, or for a first look: creneau sandbox up"
        ) from error
    names = kafka.names
    wanted = (
        topics
        if topics is not None
        else (
            names.slot_created,
            names.slot_probability,
            names.dead_letters,
            names.model_ledger,
            names.scoring_runs,
            names.replay_tasks,
        )
    )
    missing = [topic for topic in wanted if topic not in there]
    if missing:
        raise TopicMissingError(
            f"topics are missing on {where} ({', '.join(missing)}): creneau topics apply"
        )
    return kafka
