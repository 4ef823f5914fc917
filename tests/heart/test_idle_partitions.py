"""Nothing is published any more: the fence closes all the same."""

import pytest

from broker.clients import new_admin
from replay.fence import read_fence
from tests.consumer.world import WorkerProcess, eventually, slot
from tests.heart.invariants import assert_all, fences_of
from tests.replay.world import ReplayWorld

pytestmark = pytest.mark.kafka


@pytest.mark.parametrize("topics", [3], indirect=True)
def test_idle_partitions_acknowledge_a_revocation_without_an_event(world: ReplayWorld) -> None:
    world.start_with("bad")
    world.register("good", seed=1)
    with WorkerProcess(world):
        # Partition 2 never gets an event at all.
        for partition in (0, 1):
            events = [slot(100 * partition + number) for number in range(100)]
            published = world.publish_raw(events, partition=partition)
        before = world.until_done(published).committed
        epoch = world.revoke("bad", replacement="good")
        admin = new_admin(world.kafka)
        closed = eventually(
            "the fence closed",
            lambda: f if (f := read_fence(world.kafka, admin, epoch)).closed else None,
        )
        assert closed.offsets == before == {0: 100, 1: 100, 2: 0}
        requested = world.request(to="good")
        with world.executor():
            world.until_completed(requested.replay_id)
    seen = assert_all(world.kafka, replayed={"bad"})
    assert fences_of(seen, requested.replay_id) == closed.offsets
    # Acknowledging closed the runs of bad, one for each partition that had events.
    assert [
        (run["source_partition"], run["from_offset"], run["to_offset"], run["scored"])
        for run in sorted(seen.runs, key=lambda run: run["source_partition"])
        if run["replay_id"] is None
    ] == [(0, 0, 100, 100), (1, 0, 100, 100)]
    assert len(seen.outputs) == 2 * published
