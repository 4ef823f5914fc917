"""The worker's whole way on a real Kafka: it is started as a process, as the pool does."""

import json
import signal
import threading

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from tests import exactly_once
from tests.consumer.world import WorkerProcess, World, eventually, slot

pytestmark = pytest.mark.kafka


def test_every_event_gets_exactly_one_outcome(world: World) -> None:
    published = world.publish(2_000)
    with WorkerProcess(world) as worker:
        found = world.until_done(published)
        assert worker.stop() == 0
    assert len(found.scored) == 2_000
    assert set(world.acknowledged().values()) == {world.epoch}


def test_outputs_say_where_they_come_from(world: World) -> None:
    world.publish(20)
    with WorkerProcess(world):
        world.until_done(20)
    keys = {}
    for message in exactly_once.read(world.kafka, world.kafka.names.slot_created):
        keys[(message.partition(), message.offset())] = message.key()
    for message in exactly_once.read(world.kafka, world.kafka.names.slot_probability):
        output = json.loads(message.value() or b"")
        assert message.key() == keys[(output["source_partition"], output["source_offset"])]
        assert output["slot_id"].encode() == message.key()
        assert output["model_version"] == "v1"
        assert output["epoch"] == world.epoch
        assert 0 <= output["probability"] <= 1


@pytest.mark.containers
def test_events_of_a_slot_apps_own_transactions_count_once_they_are_committed(
    world: World,
) -> None:
    producer = Producer(
        {
            "bootstrap.servers": world.kafka.bootstrap_servers,
            "transactional.id": f"{world.kafka.prefix}slot-app",
        }
    )
    producer.init_transactions(30)
    topic = world.kafka.names.slot_created

    def transaction(numbers: range) -> None:
        producer.begin_transaction()
        for number in numbers:
            key, value = slot(number)
            producer.produce(topic, value, key, number % 2)
        producer.flush(10)

    with WorkerProcess(world, settings={"WORKER__IDLE_COMMIT_SECONDS": "0.5"}):
        transaction(range(10))
        producer.commit_transaction(30)
        transaction(range(10, 20))
        producer.abort_transaction(30)
        transaction(range(20, 30))
        producer.commit_transaction(30)
        # 20 events and their markers: committed offsets pass the markers, too.
        eventually(
            "the group at the very end of both logs",
            lambda: all(
                (offset or 0) >= 18
                for offset in exactly_once.committed_offsets(world.kafka).values()
            ),
        )
        found = world.check()
    found.assert_all_done(20)
    assert len(found.scored) == 20


def test_sigterm_finishes_the_batch_and_leaves_the_group_at_once(world: World) -> None:
    publishing = threading.Event()

    def publish() -> None:
        while not publishing.is_set():
            world.publish(200)

    thread = threading.Thread(target=publish)
    with WorkerProcess(world) as worker:
        thread.start()
        try:
            eventually("some outcomes", lambda: len(world.outputs()) > 500)
            worker.signal(signal.SIGTERM)
            assert worker.ended(seconds=15) == 0
            assert members(world) == 0
        finally:
            publishing.set()
            thread.join()
    world.check().assert_exactly_once()
    assert "worker drained" in worker.log


def members(world: World) -> int:
    admin = AdminClient({"bootstrap.servers": world.kafka.bootstrap_servers})
    group = world.kafka.names.worker_group
    return len(admin.describe_consumer_groups([group])[group].result().members)


def test_without_a_model_in_force_it_waits_and_then_goes_on(world: World) -> None:
    published = world.publish(50)
    epoch = world.revoke("v1", replacement=None)
    with WorkerProcess(world) as worker:
        eventually("acknowledged", lambda: set(world.acknowledged().values()) == {epoch})
        assert world.outputs() == []
        world.register("v2", seed=2)
        world.promote("v2")
        world.until_done(published)
    assert {output["model_version"] for output in world.outputs()} == {"v2"}
    assert "no model is in force" in worker.log
