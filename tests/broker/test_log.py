"""Reading a log to its end, on a real Kafka, with open transactions in the way."""

import pytest
from confluent_kafka import Consumer

from broker import log
from broker.clients import new_admin, new_consumer
from broker.errors import LogNotStableError, SourceGoneError, TopicMissingError
from broker.session import TransactionalSession
from broker.settings import KafkaSettings

pytestmark = pytest.mark.kafka


def publish(topics: KafkaSettings, count: int, *, transactional_id: str = "one") -> None:
    session = TransactionalSession(topics, topics.prefix + transactional_id)
    for number in range(count):
        session.begin()
        session.produce(
            topics.names.scoring_runs, 0, key=None, value=str(number).encode(), headers=None
        )
        session.commit()
    session.close()


def test_markers_take_offsets_and_the_end_is_reached_all_the_same(topics: KafkaSettings) -> None:
    publish(topics, 3)
    topic = topics.names.scoring_runs
    admin = new_admin(topics)
    read = list(log.read_to_end(topics, topic))
    assert [message.value() for message in read] == [b"0", b"1", b"2"]
    assert [message.offset() for message in read] == [0, 2, 4]
    assert log.high_watermarks(admin, topic, [0]) == {0: 6}
    assert log.last_stable_offsets(admin, topic, [0]) == {0: 6}


def test_a_range_that_ends_on_a_marker_is_read_whole(topics: KafkaSettings) -> None:
    publish(topics, 3)
    consumer = new_consumer(topics, enable_partition_eof=True)
    offsets = [
        message.offset()
        for batch in log.read_range(consumer, topics.names.scoring_runs, 0, 2, 4)
        for message in batch
    ]
    consumer.close()
    assert offsets == [2]


def test_what_is_committed_behind_an_open_transaction_is_waited_for(
    topics: KafkaSettings,
) -> None:
    topic = topics.names.scoring_runs
    stranger = TransactionalSession(topics, topics.prefix + "stranger")
    stranger.begin()
    stranger.produce(topic, 0, key=None, value=b"open")
    stranger._producer.flush(10)
    publish(topics, 1)
    admin = new_admin(topics)
    ends = log.high_watermarks(admin, topic, [0])
    with pytest.raises(LogNotStableError, match="held the log back"):
        log.wait_until_stable(admin, topic, ends, timeout=0.2)
    with pytest.raises(LogNotStableError, match="open transaction"):
        list(log.read_to_end(topics, topic, deadline_seconds=1))
    stranger.abort()
    assert [message.value() for message in log.read_to_end(topics, topic)] == [b"0"]
    log.wait_until_stable(admin, topic, ends, timeout=10)
    stranger.close()


def test_an_empty_log_has_been_read_at_once(topics: KafkaSettings) -> None:
    assert list(log.read_to_end(topics, topics.names.scoring_runs)) == []


def test_a_range_past_the_end_or_retention_is_never_skipped_in_silence(
    topics: KafkaSettings,
) -> None:
    publish(topics, 2)
    consumer: Consumer = new_consumer(topics, enable_partition_eof=True)
    with pytest.raises(SourceGoneError):
        list(log.read_range(consumer, topics.names.scoring_runs, 0, 100, 200))
    consumer.close()


def test_asking_for_a_topic_does_not_create_it(kafka_settings: KafkaSettings) -> None:
    admin = new_admin(kafka_settings)
    for _ in range(2):
        with pytest.raises(TopicMissingError, match="creneau topics apply"):
            log.partitions_of(admin, kafka_settings.names.slot_created)


def test_the_first_offset_at_or_after_a_time(topics: KafkaSettings) -> None:
    publish(topics, 2)
    topic = topics.names.scoring_runs
    admin = new_admin(topics)
    second = list(log.read_to_end(topics, topic))[1].timestamp()[1]
    assert log.offsets_for_time(admin, topic, [0], 0) == {0: 0}
    assert log.offsets_for_time(admin, topic, [0], second + 60_000) == {0: 4}
