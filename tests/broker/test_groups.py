"""What a group has committed, while a transaction is open."""

import pytest
from confluent_kafka import TopicPartition

from broker.clients import new_admin, new_consumer
from broker.groups import Committed, committed
from broker.session import TransactionalSession
from broker.settings import KafkaSettings
from producer_contract.errors import UnavailableError

pytestmark = pytest.mark.kafka


def test_an_open_transaction_holds_up_only_who_asks_for_stable_offsets(
    topics: KafkaSettings,
) -> None:
    names = topics.names
    consumer = new_consumer(topics, group_id=names.worker_group)
    consumer.subscribe([names.slot_created])
    while not consumer.assignment():
        consumer.poll(0.1)
    session = TransactionalSession(topics, topics.prefix + "open")
    session.begin()
    offset = TopicPartition(names.slot_created, 0, 7, "")
    session.send_offsets([offset], consumer.consumer_group_metadata())
    asked = (new_admin(topics), names.worker_group, names.slot_created, [0])
    assert committed(*asked, require_stable=False) == {0: Committed(None, "")}
    with pytest.raises(UnavailableError):
        committed(*asked, timeout=0.5)
    session.commit()
    assert committed(*asked) == {0: Committed(7, "")}
    session.close()
    consumer.close()
