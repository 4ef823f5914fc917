"""The exactly-once session, on a real Kafka."""

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import NewPartitions

from broker.clients import new_admin, new_consumer
from broker.errors import BrokerUnreachableError, TopicMissingError
from broker.groups import committed
from broker.log import partitions_of, read_to_end
from broker.session import (
    SessionFenced,
    SessionLost,
    TransactionAborted,
    TransactionalSession,
)
from broker.settings import KafkaSettings
from broker.topics import apply
from tests.conftest import OwnKafka
from tests.consumer.world import eventually

pytestmark = pytest.mark.kafka


def values(topics: KafkaSettings) -> list[bytes | None]:
    return [message.value() for message in read_to_end(topics, topics.names.scoring_runs)]


def test_only_what_was_committed_is_seen(topics: KafkaSettings) -> None:
    topic = topics.names.scoring_runs
    session = TransactionalSession(topics, topics.prefix + "a")
    session.begin()
    session.produce(topic, 0, key=None, value=b"aborted")
    session.abort()
    session.begin()
    session.produce(topic, 0, key=b"k", value=b"committed", headers=[("h", b"1")])
    session.commit()
    session.close()
    session.close()
    assert values(topics) == [b"committed"]


def test_a_second_session_fences_the_first(topics: KafkaSettings) -> None:
    topic = topics.names.scoring_runs
    first = TransactionalSession(topics, topics.prefix + "same")
    first.begin()
    first.produce(topic, 0, key=None, value=b"first")
    second = TransactionalSession(topics, topics.prefix + "same")
    with pytest.raises(SessionFenced):
        first.commit()
    second.begin()
    second.produce(topic, 0, key=None, value=b"second")
    second.commit()
    second.close()
    assert values(topics) == [b"second"]


def test_a_record_too_large_aborts_and_the_session_goes_on(topics: KafkaSettings) -> None:
    topic = topics.names.scoring_runs
    session = TransactionalSession(topics, topics.prefix + "large")
    session.begin()
    session.produce(topic, 0, key=None, value=b"with the large one")
    with pytest.raises(TransactionAborted):
        session.produce(topic, 0, key=None, value=b"x" * 20_000_000)
    session.begin()
    session.produce(topic, 0, key=None, value=b"next")
    session.commit()
    session.close()
    assert values(topics) == [b"next"]


def test_offsets_and_their_metadata_travel_with_the_transaction(topics: KafkaSettings) -> None:
    names = topics.names
    consumer = new_consumer(topics, group_id=names.worker_group)
    consumer.subscribe([names.slot_created])
    while not consumer.assignment():
        consumer.poll(0.1)
    session = TransactionalSession(topics, topics.prefix + "o")
    session.begin()
    offset = TopicPartition(names.slot_created, 0, 7, "what we say of it")
    session.send_offsets([offset], consumer.consumer_group_metadata())
    session.commit()
    session.close()
    consumer.close()
    found = committed(new_admin(topics), names.worker_group, names.slot_created, [0, 1])
    assert (found[0].offset, found[0].metadata) == (7, "what we say of it")
    assert (found[1].offset, found[1].metadata) == (None, "")


def test_a_member_that_left_cannot_commit(topics: KafkaSettings) -> None:
    names = topics.names
    consumer = new_consumer(topics, group_id=names.worker_group)
    consumer.subscribe([names.slot_created])
    while not consumer.assignment():
        consumer.poll(0.1)
    metadata = consumer.consumer_group_metadata()
    consumer.close()
    session = TransactionalSession(topics, topics.prefix + "left")
    session.begin()
    session.produce(names.scoring_runs, 0, key=None, value=b"too late")
    with pytest.raises(TransactionAborted, match="UNKNOWN_MEMBER_ID"):
        session.send_offsets([TopicPartition(names.slot_created, 0, 7)], metadata)
    session.close()
    assert values(topics) == []


def test_a_partition_that_was_added_meanwhile_is_found_and_one_that_is_not_there_is_refused(
    topics: KafkaSettings,
) -> None:
    admin, topic = new_admin(topics), topics.names.slot_probability
    session = TransactionalSession(topics, topics.prefix + "a")
    session.begin()
    session.produce(topic, 0, key=None, value=b"known")
    session.commit()
    added = len(partitions_of(admin, topic))
    admin.create_partitions([NewPartitions(topic, added + 1)])[topic].result()
    eventually("it is there", lambda: len(partitions_of(admin, topic)) > added)
    session.begin()
    session.produce(topic, added, key=None, value=b"added")
    session.commit()
    session.begin()
    with pytest.raises(TopicMissingError, match="creneau topics apply"):
        session.produce(topic, added + 1, key=None, value=b"nowhere")
    session.close()
    read = [message.value() for message in read_to_end(topics, topic, partitions=[0, added])]
    assert read == [b"known", b"added"]


def test_no_broker_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("broker.session.INIT_TIMEOUT", 0.5)
    with pytest.raises(BrokerUnreachableError, match=r"127\.0\.0\.1:9.*creneau status"):
        TransactionalSession(KafkaSettings("127.0.0.1:9"), "nobody")


def test_a_broker_that_does_not_answer_holds_us_up_for_a_bounded_time(
    own_kafka: OwnKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("broker.session.SETTLE_TIMEOUT", 2.0)
    cluster = own_kafka()
    kafka = KafkaSettings(cluster.bootstrap_servers)
    apply(new_admin(kafka), kafka.names, partitions=2)
    session = TransactionalSession(kafka, "one")
    session.begin()
    session.produce(kafka.names.scoring_runs, 0, key=None, value=b"unknown outcome")
    session._producer.flush(10)
    cluster.brokers[0].pause()
    with pytest.raises(SessionLost, match="_TIMED_OUT"):
        session.commit()
    session.close()
    cluster.brokers[0].resume()
    # Taking the id over settles what was left open: everything can be read to the end again.
    again = TransactionalSession(kafka, "one")
    again.close()
    assert values(kafka) in ([], [b"unknown outcome"])
