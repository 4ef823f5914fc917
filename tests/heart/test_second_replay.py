"""A replay is cancelled, its replacement turns out to be corrupted itself, and a second one has to
correct what both models and the first replay left behind."""

import signal

import pytest

from broker.clients import new_admin
from replay import control
from replay.draining import drain
from replay.tasks import uncommitted_tasks
from tests.consumer.world import WorkerProcess, eventually
from tests.heart.proof import assert_proven
from tests.heart.replaying import corrupt, held_executor, live, start_corrupted
from tests.replay.world import SETTINGS, ReplayWorld

pytestmark = pytest.mark.kafka


def drained(world: ReplayWorld) -> None:
    """As ``creneau replay start`` does before it plans."""
    drain(world.kafka, SETTINGS, instance="draining", load=world.load, say=print)


def test_a_second_replay_corrects_what_the_first_and_its_replacement_left(
    world: ReplayWorld,
) -> None:
    start_corrupted(world)
    world.register("better", seed=2)
    with live(world):
        published = world.publish(200)
        world.until_done(published)
        world.revoke("bad", replacement="good")
        first = world.request(to="good", chunk_offsets=20, canary=0.3)
        published = world.publish(100)
        with world.executor():
            eventually("half-way", lambda: world.replay(first.replay_id).state == "paused")
        world.until_done(published)
        control.cancel(world.kafka, None, by="test", reason="test")
        world.revoke("good", replacement="better")
        left = uncommitted_tasks(world.kafka, new_admin(world.kafka))
        assert left
        assert {task.replay_id for task in left} == {first.replay_id}
        drained(world)
        assert not uncommitted_tasks(world.kafka, new_admin(world.kafka))
        second = world.request(to="better", chunk_offsets=20)
        assert world.replay(second.replay_id).request.from_models == ("bad", "good")
        with world.executor():
            world.until_completed(second.replay_id)
    seen = assert_proven(world, second.replay_id)
    versions = {output["model_version"] for output in seen.outputs if output["replay_id"]}
    assert versions == {"good", "better"}
    assert sum(output["replay_id"] == second.replay_id for output in seen.outputs) == 300


def test_a_chunk_of_the_first_that_wakes_up_after_the_second_commits_nothing(
    world: ReplayWorld,
) -> None:
    first = corrupt(world, 200)
    world.register("better", seed=2)
    held, file = held_executor(world, "offsets-sent")
    with held:
        eventually("a chunk that only its commit is missing to", file.exists)
        with live(world):
            world.revoke("good", replacement="better")
            control.cancel(world.kafka, None, by="test", reason="its replacement was revoked")
            # Until the frozen chunk's transaction is over, its task is not committed.
            drained(world)
            second = world.request(to="better")
            with world.executor():
                world.until_completed(second.replay_id)
        held.signal(signal.SIGCONT)
        eventually("awake, and refused", lambda: _has_noticed(held))
    seen = assert_proven(world, second.replay_id)
    assert not any(output["replay_id"] == first.replay_id for output in seen.outputs)


def _has_noticed(held: WorkerProcess) -> bool:
    return "session lost" in held.log or "chunk aborted" in held.log
