import pytest
from confluent_kafka import KafkaError

from broker.errors import (
    BrokerUnreachableError,
    Decision,
    NotAllowedError,
    TopicMissingError,
    decide,
    unavailable,
)


@pytest.mark.parametrize(
    ("error", "decision"),
    [
        (KafkaError(KafkaError.UNKNOWN_MEMBER_ID, "", False, False, True), Decision.ABORT),
        (KafkaError(KafkaError._TIMED_OUT, "", False, True, False), Decision.RETRY),
        (KafkaError(KafkaError._FENCED, "", True, False, False), Decision.RECYCLE),
        (KafkaError(KafkaError.PRODUCER_FENCED, "", False, False, True), Decision.RECYCLE),
        (KafkaError(KafkaError._ALL_BROKERS_DOWN), Decision.WAIT),
        (KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED), Decision.PERSON),
        (KafkaError(KafkaError._STATE), Decision.RECYCLE),
    ],
)
def test_every_class_of_error_has_one_decision(error: KafkaError, decision: Decision) -> None:
    assert decide(error) is decision


def test_no_code_of_librdkafka_is_without_a_decision() -> None:
    codes = [value for name, value in vars(KafkaError).items() if name.isupper()]
    assert len(codes) > 100
    for code in codes:
        assert isinstance(decide(KafkaError(code)), Decision)


def test_what_a_person_must_do_is_said() -> None:
    missing = unavailable(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART), "reading x", "host:1")
    refused = unavailable(KafkaError(KafkaError.SASL_AUTHENTICATION_FAILED), "reading", "host:1")
    silent = unavailable(KafkaError(KafkaError._TRANSPORT), "reading x", "host:1")
    assert isinstance(missing, TopicMissingError)
    assert "creneau topics apply" in str(missing)
    assert isinstance(refused, NotAllowedError)
    assert "ACL" in str(refused)
    assert isinstance(silent, BrokerUnreachableError)
    assert "host:1" in str(silent)
    assert "\n" not in str(missing) + str(refused) + str(silent)
