"""What each class of librdkafka error means to us: one decision for each, made in one place.

Sources: librdkafka's INTRODUCTION.md ("Transactional producer", "Error handling"), KIP-360 and
KIP-691. The table for people is docs/errors.md.
"""

from enum import Enum

from confluent_kafka import KafkaError, KafkaException

from producer_contract.errors import BadUseError, UnavailableError


class Decision(Enum):
    """What to do about an error."""

    RETRY = "the same call again, until its deadline"
    WAIT = "nothing: the client reconnects by itself"
    ABORT = "abort the transaction and rewind to the committed offsets"
    RECYCLE = "close the client and make a new one"
    PERSON = "somebody has to act: say what, where and what to do"


class BrokerUnreachableError(UnavailableError):
    """No broker answered in time."""


class TopicMissingError(UnavailableError):
    """A topic that is needed does not exist (or not with that partition)."""


class NotAllowedError(UnavailableError):
    """The cluster refused the client: authentication, or an ACL that is missing."""


class BadClientSettingError(BadUseError):
    """A librdkafka property that the client does not take."""


class SourceGoneError(UnavailableError):
    """A range that was asked for is past the log's retention (or past its end)."""


class LogNotStableError(UnavailableError):
    """An open transaction holds a log back for longer than the deadline."""


FENCED = frozenset(
    {
        KafkaError._FENCED,
        KafkaError.PRODUCER_FENCED,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.FENCED_INSTANCE_ID,
    }
)
"""Another client with the same identity has taken over."""

_PERSON = frozenset(
    {
        KafkaError._AUTHENTICATION,
        KafkaError._SSL,
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError.UNSUPPORTED_SASL_MECHANISM,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        KafkaError._UNKNOWN_TOPIC,
        KafkaError._UNKNOWN_PARTITION,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError._INVALID_ARG,
        KafkaError._UNSUPPORTED_FEATURE,
        KafkaError.UNSUPPORTED_VERSION,
    }
)

_WAIT = frozenset(
    {
        KafkaError._TRANSPORT,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._RESOLVE,
        KafkaError._TIMED_OUT,
        KafkaError._TIMED_OUT_QUEUE,
        KafkaError._WAIT_COORD,
        KafkaError._PARTITION_EOF,
        KafkaError._MAX_POLL_EXCEEDED,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.FENCED_LEADER_EPOCH,
        KafkaError.UNKNOWN_LEADER_EPOCH,
        KafkaError.OFFSET_NOT_AVAILABLE,
        KafkaError.KAFKA_STORAGE_ERROR,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.NOT_COORDINATOR,
        KafkaError.REBALANCE_IN_PROGRESS,
        KafkaError.UNKNOWN_MEMBER_ID,
        KafkaError.ILLEGAL_GENERATION,
        KafkaError.BROKER_NOT_AVAILABLE,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError.NETWORK_EXCEPTION,
        KafkaError.UNSTABLE_OFFSET_COMMIT,
    }
)

_NOT_ALLOWED = frozenset(
    code
    for code in _PERSON
    if code
    not in {
        KafkaError._UNKNOWN_TOPIC,
        KafkaError._UNKNOWN_PARTITION,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError._INVALID_ARG,
    }
)
_TOPIC = frozenset(
    {
        KafkaError._UNKNOWN_TOPIC,
        KafkaError._UNKNOWN_PARTITION,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
    }
)


def decide(error: KafkaError) -> Decision:
    """The decision for an error of any client.

    librdkafka's own flags come first: they say what state the client is in. Unknown codes recycle
    the client: a new one starts from committed state, so nothing is lost by it.
    """
    code = error.code()
    if error.fatal() or code in FENCED or code == KafkaError._FATAL:
        return Decision.RECYCLE
    if error.txn_requires_abort():
        return Decision.ABORT
    if error.retriable():
        return Decision.RETRY
    if code in _PERSON:
        return Decision.PERSON
    if code in _WAIT:
        return Decision.WAIT
    return Decision.RECYCLE


def kafka_error(exception: BaseException) -> KafkaError:
    """The ``KafkaError`` inside a ``KafkaException``."""
    inner = exception.args[0] if exception.args else None
    if isinstance(inner, KafkaError):
        return inner
    return KafkaError(KafkaError._FAIL, str(exception))


def unavailable(error: KafkaError | KafkaException, doing: str, where: str) -> UnavailableError:
    """One line for a person: what could not be done, where, and what to do next."""
    cause = error if isinstance(error, KafkaError) else kafka_error(error)
    code = cause.code()
    if code in _TOPIC:
        return TopicMissingError(
            f"{doing}: a topic or partition is missing on {where} ({cause.str()}); "
            "create it: creneau topics apply"
        )
    if code in _NOT_ALLOWED:
        return NotAllowedError(
            f"{doing}: {where} refused us ({cause.name()}: {cause.str()}); check the "
            "credentials in [kafka] and the ACLs"
        )
    if code in _WAIT or cause.retriable():
        return BrokerUnreachableError(
            f"{doing}: no answer from Kafka at {where} ({cause.name()}: {cause.str()}); "
            "is it running? creneau status"
        )
    return UnavailableError(f"{doing}: {where} answered {cause.name()}: {cause.str()}")
