"""The executor group's offsets are gone: a chunk is done when its run exists, not when the group
says so."""

from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import KafkaException

from broker.clients import new_admin
from broker.groups import committed
from broker.log import partitions_of
from broker.settings import KafkaSettings
from broker.topics import apply
from replay import control
from replay.draining import drain
from tests.conftest import OwnKafka
from tests.consumer.world import eventually
from tests.heart.proof import assert_proven
from tests.heart.replaying import corrupt, live
from tests.replay.world import SETTINGS, ReplayWorld

pytestmark = pytest.mark.kafka

Forget = Callable[[ReplayWorld], None]


def offsets(world: ReplayWorld) -> set[int | None]:
    admin, names = new_admin(world.kafka), world.kafka.names
    partitions = partitions_of(admin, names.replay_tasks)
    answers = committed(admin, names.executor_group, names.replay_tasks, partitions)
    return {answer.offset for answer in answers.values()}


def deleted(world: ReplayWorld) -> None:
    """What the expiry does, without the wait for it."""
    admin, group = new_admin(world.kafka), world.kafka.names.executor_group

    def delete() -> bool:
        try:
            admin.delete_consumer_groups([group])[group].result()
        except KafkaException:
            # Its last member is still leaving.
            return False
        return True

    eventually("the executor group deleted", delete)


def expired(world: ReplayWorld) -> None:
    eventually("the offsets expired", lambda: offsets(world) == {None}, seconds=150)


def replay_twice(world: ReplayWorld, forget: Forget) -> None:
    """A replay that pauses on its way, and another after it; the offsets go in both pauses."""
    requested = corrupt(world, 200, chunk_offsets=20, canary=0.5)
    world.register("better", seed=2)
    # A worker all the while: the offsets of its own group are to stay.
    with live(world):
        with world.executor():
            eventually("paused", lambda: world.replay(requested.replay_id).state == "paused")
        assert offsets(world) != {None}
        forget(world)
        assert offsets(world) == {None}
        with world.executor():
            control.resume(world.kafka, None, by="test", reason="test")
            world.until_completed(requested.replay_id)
        assert_proven(world, requested.replay_id)

        forget(world)
        world.revoke("good", replacement="better")
        drain(world.kafka, SETTINGS, instance="draining", load=world.load, say=print)
        again = world.request(to="better", chunk_offsets=20)
        with world.executor():
            world.until_completed(again.replay_id)
    seen = assert_proven(world, again.replay_id)
    assert sum(output["replay_id"] == requested.replay_id for output in seen.outputs) == 200
    assert sum(output["replay_id"] == again.replay_id for output in seen.outputs) == 200


def test_chunks_are_not_done_twice_when_the_offsets_were_deleted(world: ReplayWorld) -> None:
    replay_twice(world, deleted)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_chunks_are_not_done_twice_when_the_offsets_have_expired(
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
    replay_twice(ReplayWorld(kafka, tmp_path), expired)
