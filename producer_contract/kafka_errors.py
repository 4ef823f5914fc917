"""What each class of librdkafka error means to a slot app's publisher and reader.

Four answers only: Kafka is away (librdkafka goes on trying by itself), somebody has to change
something (access, a topic, a setting), or the client is lost and a new one is needed.
"""

import logging

from confluent_kafka import KafkaError, KafkaException

from producer_contract.errors import BadUseError, CreneauError, UnavailableError


class KafkaAwayError(UnavailableError):
    """No broker answers. Nothing is wrong on this side: the same call again, later."""


class AccessRefusedError(UnavailableError):
    """The cluster refuses this client: credentials, certificate or ACL have to change."""


class TopicMissingError(UnavailableError):
    """The topic is not on the cluster, or is not as it must be."""


class ClientLostError(UnavailableError):
    """The client can do nothing more: close it and make a new one."""


class BadKafkaSettingError(BadUseError):
    """A librdkafka property that is unknown, unusable or against what the contract needs."""


_AWAY = frozenset(
    {
        KafkaError._TRANSPORT,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._RESOLVE,
        KafkaError._TIMED_OUT,
        KafkaError._TIMED_OUT_QUEUE,
        KafkaError._MSG_TIMED_OUT,
        KafkaError._WAIT_COORD,
        KafkaError.NETWORK_EXCEPTION,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.NOT_COORDINATOR,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.NOT_ENOUGH_REPLICAS,
        KafkaError.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
    }
)
_REFUSED = frozenset(
    {
        KafkaError._AUTHENTICATION,
        KafkaError._SSL,
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError.UNSUPPORTED_SASL_MECHANISM,
        KafkaError.ILLEGAL_SASL_STATE,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.SECURITY_DISABLED,
    }
)
_TOPIC = frozenset(
    {
        KafkaError._UNKNOWN_TOPIC,
        KafkaError._UNKNOWN_PARTITION,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.TOPIC_EXCEPTION,
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.POLICY_VIOLATION,
    }
)


def explain(error: KafkaError, topic: str) -> CreneauError:
    """Our error for ``error``, which concerns ``topic`` or the client that works on it."""
    said = f"{error.str()} [{error.name()}]"
    code = error.code()
    if error.fatal():
        return ClientLostError(f"the Kafka client for {topic} is lost ({said}); make a new one")
    if code in _AWAY or error.retriable():
        return KafkaAwayError(f"Kafka does not answer for {topic} ({said}); try again later")
    if code in _REFUSED:
        return AccessRefusedError(
            f"Kafka refuses access to {topic} ({said}); check credentials, TLS and ACLs"
        )
    if code in _TOPIC:
        return TopicMissingError(
            f"topic {topic} is missing or not as it must be ({said}); "
            "run: creneau topics check, then creneau topics apply"
        )
    return ClientLostError(
        f"the Kafka client for {topic} cannot go on ({said}); close it and make a new one"
    )


def log_level(error: KafkaError) -> int:
    """How loud an error of the client as a whole is. Each attempt to reach each broker is one
    (several a second while Kafka is away), so only their sum, _ALL_BROKERS_DOWN, is a warning."""
    if error.fatal():
        return logging.ERROR
    single_attempt = error.code() in _AWAY and error.code() != KafkaError._ALL_BROKERS_DOWN
    return logging.DEBUG if single_attempt else logging.WARNING


def setting_error(error: KafkaException) -> BadKafkaSettingError:
    """What a client's constructor says about its configuration."""
    cause = error.args[0]
    said = cause.str() if isinstance(cause, KafkaError) else str(cause)
    return BadKafkaSettingError(f"a Kafka property is not usable: {said}; mend the configuration")
