"""The archive on a real Kafka and the emulator."""

import os
import signal

import pytest
from confluent_kafka import Consumer, TopicPartition

from tests.archive.test_killed import process
from tests.archive.world import BEFORE_THE_CALENDAR, SETTINGS, ArchiveWorld
from tests.consumer.world import eventually
from warehouse.archive.archiver import EverythingRefusedError
from warehouse.archive.rows import COLUMNS

pytestmark = pytest.mark.kafka


def move_group(world: ArchiveWorld, offset: int) -> None:
    """What an operator does with kafka-consumer-groups --reset-offsets."""
    consumer = Consumer(
        {
            "bootstrap.servers": world.kafka.bootstrap_servers,
            "group.id": world.kafka.names.archive_group,
        }
    )
    parts = [TopicPartition(world.kafka.names.slot_created, p, offset) for p in (0, 1)]
    consumer.commit(offsets=parts, asynchronous=False)
    consumer.close()


def test_everything_is_archived_as_it_was_and_refused_events_too(world: ArchiveWorld) -> None:
    world.publish(50)
    world.publish_raw([(b"k", b"{"), (None, None)], partition=1, headers=[("app", b"\x00\xff")])
    world.announce(40)
    world.bury(10)
    world.publish_at(1_000, BEFORE_THE_CALENDAR)
    world.publish(5)
    with world.archiver():
        world.until_archived()
    refused = world.refused()
    (place,) = refused
    assert place[:2] == ("slot-created", 0)
    assert "years 1 to 9999" in refused[place]["reason"]
    log = world.on_the_log("slot_events")
    assert (refused[place]["key"], refused[place]["value"]) == log.pop(place[1:])
    assert world.places("slot_events") == dict.fromkeys(log, 1)
    (codes,) = world.query(
        "SELECT COUNTIF(code IS NULL), COUNTIF(code = 'not-json'), "
        "COUNTIF(ARRAY_LENGTH(headers) = 1) FROM slot_events"
    )
    assert tuple(codes) == (55, 2, 2)
    assert world.places("slot_probabilities").total() == 40
    assert world.places("dead_letters").total() == 10


def test_a_group_that_was_moved_back_loads_nothing_twice(world: ArchiveWorld) -> None:
    world.publish(100)
    with world.archiver():
        world.until_archived()
    before = len(world.jobs())
    move_group(world, 0)
    world.publish(30)
    with world.archiver():
        world.until_archived()
    world.assert_archived_exactly_once()
    assert len(world.jobs()) == before + 2


def test_what_lies_between_two_archived_ranges_is_loaded_and_they_are_not(
    world: ArchiveWorld,
) -> None:
    world.publish(60)
    move_group(world, 20)
    with world.archiver():
        world.until_archived()
    assert world.places("slot_events").total() < 60
    move_group(world, 0)
    with world.archiver():
        world.until_archived()
    world.assert_archived_exactly_once()


def test_a_frozen_process_whose_partitions_went_on_changes_nothing(world: ArchiveWorld) -> None:
    world.publish(500)
    often = SETTINGS.model_copy(update={"batch_seconds": 0.05})
    with process(world, settings=often) as frozen:
        assert frozen.pid is not None
        eventually("something archived", lambda: world.places("slot_events"), every=0.05)
        world.publish(500)
        os.kill(frozen.pid, signal.SIGSTOP)
        try:
            with world.archiver():
                world.until_archived()
                os.kill(frozen.pid, signal.SIGCONT)
                world.publish(500)
                world.until_archived()
        finally:
            os.kill(frozen.pid, signal.SIGCONT)
        # It lives, and takes over.
        world.publish(500)
        world.until_archived()
    world.assert_archived_exactly_once()


def test_partitions_that_change_hands_all_the_time_lose_nothing(world: ArchiveWorld) -> None:
    with world.archiver(instance="first"):
        world.publish(2_000)
        with world.archiver(instance="second"):
            world.publish(2_000)
            world.announce(1_000)
            with world.archiver(instance="third"):
                world.publish(2_000)
        world.publish(2_000)
        world.until_archived()
    world.assert_archived_exactly_once()


def test_events_lost_to_retention_before_they_were_archived_are_never_passed_in_silence(
    world: ArchiveWorld,
) -> None:
    world.publish(100)
    with world.archiver():
        world.until_archived()
    world.publish(100)
    end = world.committed("slot_events")[0].offset or 0
    world.let_go(0, end + 10)
    with world.archiver():
        eventually("the alarm", lambda: world.reports and world.reports[-1].problem)
        said = f"offsets {end} to {end + 10} were deleted by Kafka's retention"
        assert said in (world.reports[-1].problem or "")
    assert world.places("slot_events")[0, end + 10] == 0
    with world.archiver(SETTINGS.model_copy(update={"accept_lost": True})):
        world.until_archived()
    found = world.places("slot_events")
    assert found.keys() >= world.on_the_log("slot_events").keys()
    assert not found.keys() & {(0, offset) for offset in range(end, end + 10)}
    assert set(found.values()) == {1}


def test_a_table_that_refuses_everything_stops_the_archive(world: ArchiveWorld) -> None:
    world.publish(10)
    with world.archiver():
        world.until_archived()
    world.query("DROP TABLE slot_events")
    columns = ", ".join(f"`{name}` BOOL" for name in COLUMNS["slot_events"])
    world.query(f"CREATE TABLE slot_events ({columns})")
    world.publish(14)
    with pytest.raises(EverythingRefusedError, match="warehouse check"), world.archiver() as thread:
        eventually("its end", lambda: not thread.is_alive())
