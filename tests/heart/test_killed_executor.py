"""An executor that dies in mid-chunk: the chunk is done again whole, and nothing appears twice."""

import signal

import pytest

from tests.consumer.world import eventually
from tests.heart.proof import assert_proven
from tests.heart.replaying import corrupt, executor_process, held_executor, outputs_in_the_open
from tests.heart.seen import look
from tests.heart.watching import assert_only_whole, watching
from tests.replay.world import ReplayWorld

pytestmark = pytest.mark.kafka


@pytest.mark.parametrize("where", ["halfway", "offsets-sent"])
def test_an_executor_killed_in_mid_chunk_leaves_no_trace_of_it(
    world: ReplayWorld, where: str
) -> None:
    requested = corrupt(world, 300)
    with watching(world.kafka) as watcher:
        held, file = held_executor(world, where)
        with held:
            eventually("a chunk in the middle of its transaction", file.exists)
            assert outputs_in_the_open(world) > 0
            held.signal(signal.SIGKILL)
            assert held.ended() == -signal.SIGKILL
        with executor_process(world):
            world.until_completed(requested.replay_id)
    assert_only_whole(watcher, look(world.kafka))
    seen = assert_proven(world, requested.replay_id)
    assert sum(output["replay_id"] is not None for output in seen.outputs) == 300
