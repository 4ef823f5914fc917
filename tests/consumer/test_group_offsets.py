"""The group's offsets: expired, moved by an operator, overtaken by retention, new partitions."""

import json
from pathlib import Path

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition

from broker.clients import new_admin
from broker.settings import KafkaSettings
from broker.topics import apply
from tests import exactly_once
from tests.conftest import OwnKafka
from tests.consumer.world import WorkerProcess, World, eventually

pytestmark = pytest.mark.kafka


def done_and_stopped(world: World, count: int, **settings: str) -> int:
    published = world.publish(count)
    with WorkerProcess(world, settings=settings) as worker:
        world.until_done(published)
        assert worker.stop() == 0
    return published


def move_group(world: World, offsets: dict[int, int]) -> None:
    admin = new_admin(world.kafka)
    parts = [
        TopicPartition(world.kafka.names.slot_created, partition, offset)
        for partition, offset in offsets.items()
    ]
    request = [ConsumerGroupTopicPartitions(world.kafka.names.worker_group, parts)]
    for future in admin.alter_consumer_group_offsets(request).values():
        assert all(part.error is None for part in future.result().topic_partitions)


def test_with_the_groups_offsets_expired_it_goes_on_where_it_was(
    own_kafka: OwnKafka, tmp_path: Path
) -> None:
    cluster = own_kafka(
        server_properties={
            "offsets.retention.minutes": "1",
            "offsets.retention.check.interval.ms": "1000",
        }
    )
    kafka = KafkaSettings(cluster.bootstrap_servers)
    apply(new_admin(kafka), kafka.names, partitions=2)
    world = World(kafka, tmp_path).start_with("v1")
    done_and_stopped(world, 600)
    eventually(
        "no committed offsets any more",
        lambda: set(exactly_once.committed_offsets(kafka).values()) == {None},
        seconds=120,
    )
    published = world.publish(300)
    with WorkerProcess(world, name="after") as worker:
        world.until_done(published)
    assert "had no committed offset any more" in worker.log
    # Nothing knows the open run's counts any more: the planner is told to scan.
    assert {run["source_partition"] for run in world.runs() if run["reset"]} == {0, 1}


def test_an_offset_moved_by_an_operator_is_followed_and_recorded(world: World) -> None:
    done_and_stopped(world, 200)
    move_group(world, {0: 10})
    with WorkerProcess(world, name="after") as worker:
        eventually("at the end again", world.at_the_end)
        assert worker.stop() == 0
    resets = [run for run in world.runs() if run["reset"]]
    assert [
        (run["source_partition"], run["from_offset"], run["to_offset"], run["scored"])
        for run in resets
    ] == [(0, 10, 10, 0)]
    assert "was moved by an operator" in worker.log
    found = world.check()
    assert not found.missing
    assert all(place[0] == 0 and place[1] >= 10 for place in found.doubled)
    _, text = exactly_once.committed_with_metadata(world.kafka)[0]
    assert json.loads(text)["run_from"] == 10


def test_what_retention_took_is_held_for_and_recorded_once_accepted(world: World) -> None:
    done_and_stopped(world, 200)
    before = exactly_once.committed_offsets(world.kafka)
    world.publish(200)
    gone = (before[0] or 0) + 20
    part = TopicPartition(world.kafka.names.slot_created, 0, gone)
    admin = new_admin(world.kafka)
    for future in admin.delete_records([part]).values():
        future.result(30)
    with WorkerProcess(world, name="held") as worker:
        eventually("the line about it", lambda: "deleted by retention" in worker.log)
        # The other partition goes on; this one acknowledges, where it stands.
        epoch = world.promote("v1")
        eventually("acknowledged", lambda: set(world.acknowledged().values()) == {epoch})
        assert exactly_once.committed_offsets(world.kafka)[0] == before[0]
        assert worker.stop() == 0
    with WorkerProcess(world, name="accepting", settings={"WORKER__ACCEPT_LOST": "true"}):
        eventually("at the end", world.at_the_end)
    lost = [run for run in world.runs() if run["model_version"] is None and not run["reset"]]
    assert [(run["from_offset"], run["to_offset"]) for run in lost] == [(before[0], gone)]
    assert lost[0]["scored"] == lost[0]["dead"] == 0
    assert not world.check().missing


def test_partitions_that_are_added_are_scored_from_their_start(world: World) -> None:
    with WorkerProcess(world):
        world.until_done(world.publish(100))
        apply(new_admin(world.kafka), world.kafka.names, partitions=4)
        eventually(
            "acknowledged by all", lambda: set(world.acknowledged().values()) == {world.epoch}
        )
        assert sorted(world.acknowledged()) == [0, 1, 2, 3]
        world.until_done(world.publish(400))
