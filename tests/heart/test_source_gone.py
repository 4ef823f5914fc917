"""Source events that retention takes before a replay comes to them: never a silent gap."""

from datetime import UTC, datetime, timedelta

import pytest
from confluent_kafka import TopicPartition

from broker.clients import new_admin, new_consumer
from broker.log import read_range
from ledger.records import Interval, Selection
from replay.errors import SourceRangesGoneError
from tests import exactly_once
from tests.heart import invariants
from tests.heart.replaying import corrupt, executor_process, live, start_corrupted
from tests.heart.seen import look, place_of
from tests.replay.world import ReplayWorld

pytestmark = pytest.mark.kafka


def let_go(world: ReplayWorld, partition: int, before: int) -> None:
    """What retention does: the log starts at ``before`` from now on."""
    part = TopicPartition(world.kafka.names.slot_created, partition, before)
    # An admin client that nobody holds takes its futures with it.
    admin = new_admin(world.kafka)
    for future in admin.delete_records([part]).values():
        future.result()


def test_a_replay_whose_source_goes_after_the_plan_stops_and_names_the_range(
    world: ReplayWorld,
) -> None:
    requested = corrupt(world, 200, chunk_offsets=30)
    let_go(world, 0, 5)
    with executor_process(world) as executor:
        # Not 75: starting it again would not help.
        assert executor.ended() == 3
    said = "past Kafka's retention and there is no archive: partition:[from, to) 0:[0, 5);"
    assert said in executor.log
    assert "Traceback" not in executor.log
    assert world.replay(requested.replay_id).active
    seen = look(world.kafka)
    chunk = next(c for c in requested.plan.chunks if (c.partition, c.from_offset) == (0, 0))
    corrected = {place_of(output) for output in seen.outputs if output["replay_id"]}
    assert not corrected & {(0, offset) for offset in range(chunk.to_offset)}
    invariants.assert_only_by_the_ledger(seen)


def test_a_replay_whose_source_is_gone_is_refused_before_it_is_on_the_ledger(
    world: ReplayWorld,
) -> None:
    start_corrupted(world)
    with live(world):
        world.until_done(world.publish(100))
        world.revoke("bad", replacement="good")
        let_go(world, 1, 7)
        with pytest.raises(SourceRangesGoneError, match=r"1:\[0, 7\)"):
            world.request(to="good")
        assert not world.state.replays
        requested = world.request(to="good", selection=Selection(partitions=(0,)))
    fence = exactly_once.committed_offsets(world.kafka)[0]
    assert requested.plan.affected == (Interval(0, 0, fence or 0),)


def test_a_selection_from_a_time_on_never_leaves_out_in_silence_what_is_gone(
    world: ReplayWorld,
) -> None:
    start_corrupted(world)
    with live(world):
        world.until_done(world.publish(100))
        world.revoke("bad", replacement="good")
        let_go(world, 1, 7)
        first = first_kept(world, 1, 7)
        early = Selection(published_from=first - timedelta(hours=1))
        with pytest.raises(SourceRangesGoneError, match=r"1:\[0, 7\)"):
            world.request(to="good", selection=early)
        assert not world.state.replays
        later = Selection(published_from=first + timedelta(milliseconds=1))
        requested = world.request(to="good", selection=later)
    assert all(one.from_offset > 7 for one in requested.plan.affected if one.partition == 1)


def first_kept(world: ReplayWorld, partition: int, offset: int) -> datetime:
    """When the first event that is still kept was published."""
    consumer = new_consumer(world.kafka, enable_partition_eof=True)
    topic = world.kafka.names.slot_created
    try:
        (message,) = next(read_range(consumer, topic, partition, offset, offset + 1))
    finally:
        consumer.close()
    return datetime.fromtimestamp(message.timestamp()[1] / 1_000, UTC)
