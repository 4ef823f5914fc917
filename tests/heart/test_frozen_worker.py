"""A worker frozen with a batch of the revoked model in its hands comes back across the fence."""

import signal

import pytest

from tests.consumer.world import WorkerProcess, eventually
from tests.heart.held_worker import held_worker
from tests.heart.invariants import assert_all, assert_scored_as_registered
from tests.heart.watching import assert_only_whole, watching
from tests.replay.world import ReplayWorld

pytestmark = pytest.mark.kafka

REFUSED = {
    "scored": "UNKNOWN_MEMBER_ID",
    # Its transaction had been open for longer than the broker allows.
    "offsets-sent": "session lost, making a new one",
}


@pytest.mark.parametrize("where", list(REFUSED))
def test_a_worker_resumed_across_the_fence_is_refused(world: ReplayWorld, where: str) -> None:
    world.start_with("bad")
    world.register("good", seed=1)
    published = world.publish(300)
    with watching(world.kafka) as watcher, held_worker(world, where) as frozen:
        epoch = world.revoke("bad", replacement="good")
        with WorkerProcess(world, name="other") as other:
            # The group puts the frozen one out, and gives its partitions to the other.
            requested = world.request(to="good")
            published = world.publish(100)
            world.until_done(published)
            assert "bad" not in {output["model_version"] for output in world.outputs()}
            frozen.signal(signal.SIGCONT)
            eventually("a refused commit", lambda: REFUSED[where] in frozen.log)
            with world.executor():
                world.until_completed(requested.replay_id)
            assert other.stop() == 0
        # It has learned of the revocation, and takes over under the replacement.
        published = world.publish(100)
        world.until_done(published)
        assert frozen.stop() == 0
    seen = assert_all(world.kafka, replayed={"bad"})
    assert_only_whole(watcher, seen)
    # Of what it had scored under bad nothing came in: all came under the replacement. (The fence
    # may lie behind the first of that: the other scores on while the request waits for it.)
    assert {output["epoch"] for output in seen.outputs} == {epoch}
    assert "bad" not in {run["model_version"] for run in seen.runs}
    state = world.state
    assert_scored_as_registered(seen, lambda version: world.load(state.models[version]))
