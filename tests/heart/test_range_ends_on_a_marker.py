"""Source ranges that end on transaction markers, and on a transaction that was aborted."""

from collections.abc import Sequence

import pytest
from confluent_kafka import Producer

from tests import exactly_once
from tests.consumer.world import eventually, slot
from tests.heart.proof import assert_proven
from tests.heart.replaying import live, start_corrupted
from tests.replay.world import ReplayWorld

pytestmark = pytest.mark.kafka


def publish_in_transactions(world: ReplayWorld, sizes: Sequence[int], aborted: set[int]) -> int:
    """Transactions of a slot app on partition 0, so many events each; how many were committed.

    ``aborted``: the transactions, by number, that come to nothing.
    """
    producer = Producer(
        {
            "bootstrap.servers": world.kafka.bootstrap_servers,
            "transactional.id": f"{world.kafka.prefix}slot-app",
        }
    )
    producer.init_transactions(30)
    number = committed = 0
    for place, size in enumerate(sizes):
        producer.begin_transaction()
        for _ in range(size):
            key, value = slot(number)
            producer.produce(world.kafka.names.slot_created, value, key, 0)
            number += 1
        if place in aborted:
            assert producer.flush(30) == 0
            producer.abort_transaction(30)
        else:
            producer.commit_transaction(30)
            committed += size
    return committed


def test_a_replay_reads_ranges_that_end_on_markers_to_their_end(world: ReplayWorld) -> None:
    start_corrupted(world)
    sizes = [1, 1, 3, 2, 1, 2] * 3
    last = len(sizes) - 1
    end = sum(sizes) + len(sizes)
    with live(world, idle_commit_seconds=0.2):
        events = publish_in_transactions(world, sizes, aborted={3, 7, last})
        eventually(
            "the group past the last marker",
            lambda: exactly_once.committed_offsets(world.kafka)[0] == end,
        )
        world.revoke("bad", replacement="good")
        # Chunks so small that many of them, too, hold or end on nothing but markers.
        requested = world.request(to="good", chunk_offsets=2)
    assert [tuple(interval) for interval in requested.plan.affected] == [(0, 0, end)]
    with world.executor():
        world.until_completed(requested.replay_id, seconds=30)
    seen = assert_proven(world, requested.replay_id)
    corrected = [output for output in seen.outputs if output["replay_id"] is not None]
    assert len(corrected) == events == len(seen.events)
