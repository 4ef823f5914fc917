"""What a new session does when the cluster does not take it: no Kafka is asked."""

from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from broker import session
from broker.session import SessionFenced, TransactionalSession
from broker.settings import KafkaSettings
from producer_contract.errors import UnavailableError


def refused_with(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """Make every new producer fail to initialise with ``code``."""

    class Producer:
        def list_topics(self, topic: str, timeout: float) -> None:
            return

        def poll(self, timeout: float) -> int:
            return 0

        def init_transactions(self, timeout: float) -> None:
            raise KafkaException(KafkaError(code, "refused"))

        def purge(self) -> None:
            return

    def new_producer(*_: Any, **__: Any) -> Producer:
        return Producer()

    monkeypatch.setattr(session, "new_producer", new_producer)


def test_a_refusal_that_nobody_took_the_id_over_for_is_one_line_for_a_person(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refused_with(monkeypatch, KafkaError.INVALID_TRANSACTION_TIMEOUT)
    with pytest.raises(UnavailableError, match="INVALID_TRANSACTION_TIMEOUT") as raised:
        TransactionalSession(KafkaSettings("nowhere:1"), "some-id")
    assert "\n" not in str(raised.value)


def test_whoever_is_fenced_while_initialising_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    refused_with(monkeypatch, KafkaError.PRODUCER_FENCED)
    with pytest.raises(SessionFenced):
        TransactionalSession(KafkaSettings("nowhere:1"), "some-id")
