"""No worker runs when a model is revoked: the command waits, and says for whom."""

import pytest

from tests import exactly_once
from tests.consumer.world import WorkerProcess, eventually
from tests.heart.invariants import assert_all
from tests.replay.commands import CRENEAU, creneau_json
from tests.replay.world import ReplayWorld

pytestmark = pytest.mark.kafka

REVOKE = ["model", "revoke", "bad", "--with", "good", "--replay", "--reason", "flipped"]


def test_without_a_worker_the_fence_waits_and_names_the_partitions(world: ReplayWorld) -> None:
    world.start_with("bad")
    world.register("good", seed=1)
    published = world.publish(200)
    with WorkerProcess(world) as worker:
        world.until_done(published)
        assert worker.stop() == 0
    with WorkerProcess(world, name="said", command=[*CRENEAU, *REVOKE]) as command:
        eventually("a word from the fence", lambda: "nobody works" in command.log)
        epoch = world.state.epoch
        assert (
            f"revocation at epoch {epoch}: 0 of 2 partitions acknowledged; "
            "nobody works on partitions 0, 1: start one: creneau worker"
        ) in command.log
        assert "nobody works on partitions 0, 1" in creneau_json(world, "status")["awaited"]
        assert command.process.poll() is None
        assert world.state.replays == {}
        assert list(exactly_once.read(world.kafka, world.kafka.names.replay_tasks)) == []
        with WorkerProcess(world, name="started"):
            assert command.ended(seconds=90) == 0, command.log
    (replay,) = world.state.replays.values()
    assert replay.completed
    assert_all(world.kafka, replayed={"bad"})
