"""Events that Kafka has let go are replayed, and proved, from the archive."""

import json
import uuid
from functools import partial
from pathlib import Path

import pytest
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from broker.clients import new_admin
from broker.cluster import topic_id
from broker.log import high_watermarks, log_starts
from broker.settings import KafkaSettings
from broker.topics import apply
from creneau.sandbox.emulator import Emulator
from ledger.records import Interval
from tests.archive.world import ArchiveWorld, make_tables
from tests.conftest import OwnKafka
from tests.consumer.world import eventually
from tests.heart.replaying import live, start_corrupted
from tests.replay.commands import creneau, creneau_json
from tests.replay.world import ReplayWorld
from warehouse.archive.plan import Span
from warehouse.archived import markers_passed
from warehouse.settings import WarehouseSettings
from warehouse.source_archive import SourceArchive

pytestmark = pytest.mark.kafka

HEADERS: list[tuple[str, str | bytes | None]] = [("trace", b"\x00\xff"), ("trace", None)]
BEFORE_OUR_TIME = -(10**14)


def keep_for(admin: AdminClient, topic: str, milliseconds: int) -> None:
    """How long a topic keeps its records from now on."""
    entry = ConfigEntry(
        "retention.ms", str(milliseconds), incremental_operation=AlterConfigOpType.SET
    )
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    admin.incremental_alter_configs([resource])[resource].result(10)


def let_retention_take_everything(kafka: KafkaSettings) -> dict[int, int]:
    """Until Kafka itself has deleted every event; where the logs begin then."""
    admin, topic = new_admin(kafka), kafka.names.slot_created
    ends = high_watermarks(admin, topic, (0, 1))
    keep_for(admin, topic, 1)
    eventually("nothing left", lambda: log_starts(admin, topic, (0, 1)) == ends, seconds=90)
    keep_for(admin, topic, -1)
    return ends


def test_a_replay_of_events_that_are_gone_is_carried_out_and_proved_from_the_archive(
    own_kafka: OwnKafka, emulator: Emulator, tmp_path: Path
) -> None:
    cluster = own_kafka(
        server_properties={
            "log.retention.check.interval.ms": "500",
            "log.initial.task.delay.ms": "500",
        }
    )
    topics = KafkaSettings(cluster.bootstrap_servers, prefix=f"t{uuid.uuid4().hex[:8]}-")
    apply(new_admin(topics), topics.names, partitions=2)
    world = ReplayWorld(topics, tmp_path)
    warehouse = WarehouseSettings(endpoint=emulator.endpoint, dataset=topics.prefix.strip("-"))
    make_tables(warehouse)
    archived = ArchiveWorld(topics, warehouse, tmp_path)
    start_corrupted(world)
    with live(world):
        world.publish(150)
        world.publish_raw([(b"slot-x", b"{")] * 3, partition=0, headers=HEADERS)
        world.until_done(world.publish(150))
        with archived.archiver():
            archived.until_archived()
        ends = let_retention_take_everything(topics)
        gone = sum(ends.values())
        # Chunks of 60 offsets have their first part in the archive and the rest on Kafka.
        published = world.publish(150)
        eventually("all scored", lambda: len(world.in_force()) == published - 3)
        world.revoke("bad", replacement="good")

        preview = ("replay", "preview", "--with", "good")
        found = creneau_json(world, *preview)
        assert found["gone"] == [[0, 0, ends[0]], [1, 0, ends[1]]]
        assert found["sample"]["n"] == published - gone
        start = ("replay", "start", "--with", "good", "--yes")
        assert "there is no archive" in creneau(world, *start, code=3)
        settings = {
            "WAREHOUSE__ENDPOINT": emulator.endpoint,
            "WAREHOUSE__DATASET": warehouse.dataset,
            "REPLAY__CHUNK_OFFSETS": "60",
        }
        found = creneau_json(world, *preview, **settings)
        assert found["gone"] == []
        assert found["sample"]["n"] == published - 3
        done = creneau_json(world, *start, **settings)
    assert done["state"] == "completed"
    certificate = str(tmp_path / done["certificate"])
    found = creneau_json(world, "replay", "verify", certificate, **settings)
    assert found["verified"]
    assert found["checked"] == published
    assert found["read_from"] == {"kafka": published - gone, "archive": gone}
    said = creneau(world, "replay", "verify", certificate, **settings)
    assert f"({gone} of them in the archive)" in said
    assert "there is no archive" in creneau(world, "replay", "verify", certificate, code=3)
    scored = [output for output in world.in_force().values() if output["probability"] is not None]
    assert {output["model_version"] for output in scored} == {"good"}
    assert len(scored) == published - 3
    assert json.loads(Path(certificate).read_bytes())["totals"]["dead"] == 3


def no_markers(_: int) -> list[Span]:
    return []


def test_markers_behind_the_last_record_of_a_silent_topic_are_not_missing(
    world: ArchiveWorld,
) -> None:
    topic = world.kafka.names.slot_created
    world.publish(20)
    with world.archiver():
        world.until_archived()
        end = world.committed("slot_events")[0].offset or 0
        world.publish_and_abort(partition=0)
        world.until_archived()
    log_end = high_watermarks(new_admin(world.kafka), topic, [0])[0]
    assert log_end > end
    its_id = topic_id(new_admin(world.kafka), topic)
    by_rows = SourceArchive(world.warehouse, lambda: its_id, no_markers)
    assert by_rows.missing(Interval(0, 0, log_end)) == [Interval(0, end, log_end)]
    archive = SourceArchive(
        world.warehouse, lambda: its_id, partial(markers_passed, world.kafka, topic)
    )
    assert archive.missing(Interval(0, 0, log_end)) == []
    world.publish(20)
    log_end = high_watermarks(new_admin(world.kafka), topic, [0])[0]
    assert archive.missing(Interval(0, 0, log_end)) != []


def test_the_archive_gives_back_what_was_on_the_log_and_vouches_for_no_more(
    world: ArchiveWorld,
) -> None:
    world.publish(300)
    world.publish_raw([(None, None), (b"", b""), (b"k", b"\xff\x00")], partition=0, headers=HEADERS)
    world.publish_at(9_999, BEFORE_OUR_TIME)
    world.publish(100)
    log = world.records(0)
    with world.archiver():
        world.until_archived()
    its_id = topic_id(new_admin(world.kafka), world.kafka.names.slot_created)
    archive = SourceArchive(world.warehouse, lambda: its_id, no_markers)
    end = log[-1].offset + 1
    assert archive.missing(Interval(0, 0, end)) == []
    assert list(archive.read(Interval(0, 0, end))) == log
    assert list(archive.read(Interval(0, 20, 30))) == log[20:30]
    assert archive.missing(Interval(0, 5, end + 7)) == [Interval(0, end, end + 7)]
    assert archive.missing(Interval(1, 0, 10)) == []
    # A topic that was made anew under its name has none of this.
    anew = SourceArchive(world.warehouse, lambda: "another", no_markers)
    assert anew.missing(Interval(0, 0, end)) == [Interval(0, 0, end)]
    assert list(anew.read(Interval(0, 0, end))) == []
    world.publish_raw([(b"k", b"{")] * 5, partition=0)
    assert archive.missing(Interval(0, end, end + 5)) == [Interval(0, end, end + 5)]
    with world.archiver():
        world.until_archived()
    assert archive.missing(Interval(0, end, end + 5)) == []
