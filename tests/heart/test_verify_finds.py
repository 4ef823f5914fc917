"""``creneau replay verify`` finds what breaks a certificate, whoever put it there."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from producer_contract.codec import encode_slot_probability
from replay.canonical import canonical
from tests.heart.proof import certificate_of
from tests.heart.replaying import corrupt
from tests.heart.seen import Seen, look
from tests.replay.commands import creneau
from tests.replay.world import ReplayWorld

pytestmark = pytest.mark.kafka


def plant(world: ReplayWorld, seen: Seen, place: tuple[int, int], **fields: Any) -> None:
    """An output for an event, by somebody who does not keep the protocol."""
    key, _ = seen.events[place]
    assert key is not None
    value = encode_slot_probability(
        **{
            "slot_id": key.decode(),
            "probability": 0.5,
            "model_version": "bad",
            "epoch": world.state.end + 10,
            "source_partition": place[0],
            "source_offset": place[1],
            "lesson_start_at": None,
            "scored_at": datetime.now(UTC),
            "replay_id": None,
            **fields,
        }
    )
    producer = Producer({"bootstrap.servers": world.kafka.bootstrap_servers})
    producer.produce(world.kafka.names.slot_probability, value, key, place[0])
    assert producer.flush(30) == 0


def verify(world: ReplayWorld, path: Path, code: int, *options: str) -> dict[str, Any]:
    said = creneau(world, "replay", "verify", str(path), "--json", *options, code=code)
    return dict(json.loads(said.splitlines()[0]))


def test_planted_violations_are_found_and_the_first_slots_named(world: ReplayWorld) -> None:
    requested = corrupt(world, 100)
    with world.executor():
        world.until_completed(requested.replay_id)
    path = world.folder / "certificate.json"
    path.write_bytes(canonical(certificate_of(world, requested.replay_id)))
    seen = look(world.kafka)
    corrupted, withdrawn, harmless = sorted(seen.events)[10:13]
    lesson = datetime(2026, 7, 1, tzinfo=UTC)
    # Of an earlier epoch: every reader passes it over, and so does verify.
    plant(world, seen, harmless, epoch=0, lesson_start_at=lesson)
    assert verify(world, path, 0)["left_behind"] == 0
    plant(world, seen, corrupted, lesson_start_at=lesson)
    plant(world, seen, withdrawn, model_version="good", probability=None)
    found = verify(world, path, 1)
    assert not found["verified"]
    assert found["checked"] == 100
    assert found["left_behind"] == 2
    names = {place: (seen.events[place][0] or b"").decode() for place in (corrupted, withdrawn)}
    assert [
        (example["source_partition"], example["source_offset"], example["slot_id"])
        for example in found["examples"]
    ] == [(*place, name) for place, name in names.items()]
    # Several processes, each with its share of the partitions, find the same.
    assert verify(world, path, 1, "--processes", "2") == found
