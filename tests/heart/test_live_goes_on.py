"""A replay beside live scoring: slots keep coming, and workers and executors die."""

import signal

import pytest

from tests.consumer.test_crashes import load
from tests.consumer.world import WorkerProcess, eventually
from tests.heart.proof import assert_proven
from tests.heart.replaying import executor_process, start_corrupted
from tests.heart.watching import assert_only_whole, watching
from tests.replay.world import ReplayWorld

pytestmark = pytest.mark.kafka

SETTINGS = {"WORKER__SESSION_TIMEOUT_SECONDS": "2"}


def test_a_replay_while_slots_keep_coming_and_a_worker_and_an_executor_are_killed(
    world: ReplayWorld,
) -> None:
    start_corrupted(world)
    with (
        watching(world.kafka) as watcher,
        WorkerProcess(world, name="first", settings=SETTINGS) as worker,
        WorkerProcess(world, name="second", settings=SETTINGS),
    ):
        with load(world, 20):
            eventually("outcomes of the corrupted model", lambda: len(world.outputs()) > 200)
            world.revoke("bad", replacement="good")
            requested = world.request(to="good", chunk_offsets=20)
            with executor_process(world, name="killed") as executor:
                eventually("a corrected chunk", lambda: corrected(world) > 0)
                worker.signal(signal.SIGKILL)
                executor.signal(signal.SIGKILL)
            with world.executor():
                world.until_completed(requested.replay_id)
            done = len(world.outputs())
            eventually("live scoring goes on", lambda: len(world.outputs()) > done + 50)
        eventually("all scored", world.at_the_end)
    seen = assert_proven(world, requested.replay_id)
    assert_only_whole(watcher, seen)
    assert set(seen.events) == {
        (output["source_partition"], output["source_offset"]) for output in seen.outputs
    }


def corrected(world: ReplayWorld) -> int:
    return sum(run["replay_id"] is not None for run in world.runs())
