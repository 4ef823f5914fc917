"""Without a broker: settings, a full queue, a Kafka that is away. With one: what arrives."""

import logging
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, TopicPartition

from broker.clients import new_admin
from broker.settings import KafkaSettings
from broker.topics import apply
from producer_contract.codec import decode_slot_created
from producer_contract.kafka_errors import (
    AccessRefusedError,
    BadKafkaSettingError,
    ClientLostError,
    KafkaAwayError,
    TopicMissingError,
    explain,
    log_level,
)
from producer_contract.publisher import (
    DeliveryError,
    QueueFullError,
    SlotPublisher,
    StillWaitingError,
)
from tests.conftest import OwnKafka
from tests.contract.test_codec import a_slot


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address where nobody answers."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"bootstrap.servers": "k", "acks": 1},
        {"bootstrap.servers": "k", "request.required.acks": "0"},
        {"bootstrap.servers": "k", "enable.idempotence": "false"},
        {"bootstrap.servers": "k", "partitioner": "random"},
        {"bootstrap.servers": "k", "transactional.id": "mine"},
        {"bootstrap.servers": "k", "no.such.property": 1},
    ],
)
def test_settings_against_the_contract_are_refused(config: dict[str, Any]) -> None:
    with pytest.raises(BadKafkaSettingError) as caught:
        SlotPublisher(config)
    assert "\n" not in str(caught.value)


def test_settings_that_say_the_same_are_taken() -> None:
    SlotPublisher({"bootstrap.servers": "k", "acks": "-1", "enable.idempotence": "true"})


def test_while_kafka_is_away_every_event_is_reported(nobody: str) -> None:
    publisher = SlotPublisher({"bootstrap.servers": nobody, "delivery.timeout.ms": 300})
    publisher.publish(a_slot(slot_id="one"))
    publisher.publish(a_slot(slot_id="two"))
    with pytest.raises(DeliveryError) as caught:
        publisher.flush()
    assert [slot.slot_id for slot in caught.value.slots] == ["one", "two"]
    publisher.flush()  # reported once


def test_what_is_still_waiting_is_said(nobody: str) -> None:
    publisher = SlotPublisher({"bootstrap.servers": nobody})
    publisher.publish(a_slot())
    with pytest.raises(StillWaitingError, match="1 events"):
        publisher.flush(timeout=0.1)


def test_reports_of_errors_are_not_taken_for_events(nobody: str) -> None:
    class Reporting:
        """librdkafka's count: the events, and what it has to say about its brokers."""

        def __init__(self, producer: Any) -> None:
            self._producer = producer

        def produce(self, *args: Any, **keywords: Any) -> None:
            self._producer.produce(*args, **keywords)

        def poll(self, timeout: float) -> int:
            return int(self._producer.poll(timeout))

        def flush(self, timeout: float) -> int:
            return int(self._producer.flush(timeout)) + 1

    publisher = SlotPublisher({"bootstrap.servers": nobody, "delivery.timeout.ms": 300})
    publisher._producer = Reporting(publisher._producer)  # type: ignore[assignment]
    publisher.flush()
    publisher.publish(a_slot())
    with pytest.raises(StillWaitingError) as caught:
        publisher.flush(timeout=0)
    assert caught.value.waiting == 1
    with pytest.raises(DeliveryError):
        publisher.flush()
    publisher.flush()


def test_an_event_that_was_interrupted_on_its_way_is_not_waited_for(nobody: str) -> None:
    class Interrupted:
        def produce(self, *_: Any, **__: Any) -> None:
            raise KeyboardInterrupt

        def flush(self, _: float) -> int:
            return 0

    publisher = SlotPublisher({"bootstrap.servers": nobody})
    publisher._producer = Interrupted()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        publisher.publish(a_slot())
    publisher.flush()


def test_an_event_that_kafka_took_although_interrupted_is_counted_once(nobody: str) -> None:
    class TakenAndInterrupted:
        def produce(self, *_: Any, on_delivery: Any) -> None:
            self.told = on_delivery
            raise KeyboardInterrupt

        def flush(self, _: float) -> int:
            self.told(None, None)
            return 0

    publisher = SlotPublisher({"bootstrap.servers": nobody})
    publisher._producer = TakenAndInterrupted()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        publisher.publish(a_slot())
    publisher.flush()


def test_who_finds_nothing_waiting_finds_the_failure_that_another_thread_was_told(
    nobody: str,
) -> None:
    publisher = SlotPublisher({"bootstrap.servers": nobody, "delivery.timeout.ms": 300})

    class Late:
        """A flush in vain, during which another thread's poll brings the outcome."""

        def __init__(self, producer: Any) -> None:
            self.produce, self.poll = producer.produce, producer.poll

        def flush(self, _: float) -> int:
            while publisher._waiting:
                self.poll(0.1)
            return 1

    publisher._producer = Late(publisher._producer)  # type: ignore[assignment]
    publisher.publish(a_slot())
    with pytest.raises(DeliveryError):
        publisher.flush(timeout=0)


def test_a_full_queue_pushes_back_and_then_says_so(nobody: str) -> None:
    publisher = SlotPublisher(
        {"bootstrap.servers": nobody, "queue.buffering.max.messages": 1}, patience=0.3
    )
    publisher.publish(a_slot(slot_id="one"))
    with pytest.raises(QueueFullError, match="slot two"):
        publisher.publish(a_slot(slot_id="two"))


def test_leaving_the_block_raises_what_was_not_delivered(nobody: str) -> None:
    config = {"bootstrap.servers": nobody, "delivery.timeout.ms": 300}
    with pytest.raises(DeliveryError, match="slot-1"), SlotPublisher(config) as publisher:
        publisher.publish(a_slot())


def test_leaving_the_block_by_an_error_keeps_it_and_notes_the_rest(nobody: str) -> None:
    def divide_while_publishing() -> float:
        with SlotPublisher({"bootstrap.servers": nobody, "delivery.timeout.ms": 300}) as publisher:
            publisher.publish(a_slot())
            return 1 / 0

    with pytest.raises(ZeroDivisionError) as caught:
        divide_while_publishing()
    assert "slot-1" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    ("code", "fatal", "kind"),
    [
        (KafkaError._ALL_BROKERS_DOWN, False, KafkaAwayError),
        (KafkaError._MSG_TIMED_OUT, False, KafkaAwayError),
        (KafkaError.NOT_ENOUGH_REPLICAS, False, KafkaAwayError),
        (KafkaError.SASL_AUTHENTICATION_FAILED, False, AccessRefusedError),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, False, AccessRefusedError),
        (KafkaError._UNKNOWN_TOPIC, False, TopicMissingError),
        (KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER, True, ClientLostError),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, True, ClientLostError),
        (KafkaError._STATE, False, ClientLostError),
    ],
)
def test_each_class_of_error_has_its_meaning(code: int, fatal: bool, kind: type) -> None:
    meaning = explain(KafkaError(code, "as Kafka says", fatal), "slot-created")
    assert type(meaning) is kind
    assert "slot-created" in str(meaning)


def test_single_attempts_to_reach_a_broker_are_not_shouted() -> None:
    assert log_level(KafkaError(KafkaError._TRANSPORT)) == logging.DEBUG
    assert log_level(KafkaError(KafkaError._ALL_BROKERS_DOWN)) == logging.WARNING
    assert log_level(KafkaError(KafkaError._TRANSPORT, "gone", True)) == logging.ERROR


@pytest.mark.kafka
@pytest.mark.parametrize("topics", [8], indirect=True)
def test_what_was_published_is_there_where_java_would_put_it(topics: KafkaSettings) -> None:
    topic = topics.names.slot_created
    with SlotPublisher({"bootstrap.servers": topics.bootstrap_servers}, topic=topic) as publisher:
        for number in range(200):
            publisher.publish(a_slot(slot_id=f"slot-{number}"))
    found = _read(topics, partitions=8, expected=200)
    assert {key for _, key, _ in found} == {f"slot-{n}".encode() for n in range(200)}
    for partition, key, value in found:
        assert decode_slot_created(value, key).slot_id.encode() == key
        assert partition == (_murmur2(key) & 0x7FFFFFFF) % 8


@pytest.mark.kafka
def test_nothing_is_lost_or_doubled_when_the_broker_restarts(own_kafka: OwnKafka) -> None:
    cluster = own_kafka()
    settings = KafkaSettings(cluster.bootstrap_servers)
    apply(new_admin(settings), settings.names, partitions=2)
    (broker,) = cluster.brokers
    patient = {"bootstrap.servers": cluster.bootstrap_servers, "delivery.timeout.ms": 120_000}
    with SlotPublisher(patient) as publisher:
        for number in range(300):
            publisher.publish(a_slot(slot_id=f"slot-{number}"))
            if number == 100:
                broker.kill()
            if number == 200:
                broker.start()
        publisher.flush(120)
    found = _read(settings, partitions=2, expected=300)
    assert len({key for _, key, _ in found}) == 300


@pytest.mark.kafka
def test_a_topic_that_is_missing_is_reported_with_the_slot(kafka_settings: KafkaSettings) -> None:
    publisher = SlotPublisher(
        {
            "bootstrap.servers": kafka_settings.bootstrap_servers,
            "delivery.timeout.ms": 3000,
            "topic.metadata.propagation.max.ms": 500,
        },
        topic=kafka_settings.names.slot_created,
    )
    publisher.publish(a_slot())
    with pytest.raises(DeliveryError, match=r"slot-1.*topics apply"):
        publisher.flush()


def _read(
    settings: KafkaSettings, *, partitions: int, expected: int
) -> list[tuple[int, bytes, bytes]]:
    consumer = Consumer(
        {
            "bootstrap.servers": settings.bootstrap_servers,
            "group.id": settings.prefix + "check",
            "enable.auto.commit": False,
        }
    )
    topic = settings.names.slot_created
    consumer.assign([TopicPartition(topic, p, 0) for p in range(partitions)])
    found: list[tuple[int, bytes, bytes]] = []
    while len(found) < expected:
        message = consumer.poll(30)
        assert message is not None, f"{len(found)} of {expected} messages arrived"
        assert message.error() is None
        partition, key, value = message.partition(), message.key(), message.value()
        assert partition is not None
        assert isinstance(key, bytes)
        assert isinstance(value, bytes)
        found.append((partition, key, value))
    assert consumer.poll(0.2) is None
    consumer.close()
    return found


def _murmur2(key: bytes) -> int:
    """Java's partitioner, written down again from org.apache.kafka.common.utils.Utils."""
    m, mask = 0x5BD1E995, 0xFFFFFFFF
    h = 0x9747B28C ^ len(key)
    whole = len(key) & ~3
    for at in range(0, whole, 4):
        k = int.from_bytes(key[at : at + 4], "little") * m & mask
        k = (k ^ (k >> 24)) * m & mask
        h = (h * m & mask) ^ k
    if rest := key[whole:]:
        h = (h ^ int.from_bytes(rest, "little")) * m & mask
    h = (h ^ (h >> 13)) * m & mask
    return h ^ (h >> 15)
