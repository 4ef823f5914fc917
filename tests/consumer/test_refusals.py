"""Events that cannot be scored: dead letters with their reason, the rest of the batch unharmed."""

import pytest

from tests import exactly_once
from tests.consumer.world import WorkerProcess, World, slot

pytestmark = pytest.mark.kafka

DEEP = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
DEEP_BUT_SMALL = b"[" * 30_000 + b"]" * 30_000
KEY, VALID = slot(0)
POISON: dict[str, tuple[bytes | None, bytes | None]] = {
    "nested 100,000 deep": (KEY, DEEP),
    "nested 30,000 deep": (KEY, DEEP_BUT_SMALL),
    "integer of 5,000 digits": (
        KEY,
        VALID.replace(b'"duration_minutes":60', b'"duration_minutes":' + b"9" * 5_000),
    ),
    "invalid UTF-8": (KEY, VALID.replace(b'"EI"', b'"\xff\xfe"')),
    "not JSON": (KEY, b"<xml/>"),
    "as large as the topic takes": (KEY, b"x" * 1_048_400),
    "empty": (KEY, b""),
    "no value": (KEY, None),
    "no key": (None, VALID),
    "another key": (b"other", VALID),
    "binary key": (b"\xff\x00", VALID),
}


@pytest.mark.containers
def test_poison_goes_to_the_dead_letters_and_harms_nothing_else(world: World) -> None:
    world.publish(100)
    for key, value in POISON.values():
        world.publish_raw([(key, value)], partition=0, headers=[("trace", b"\x00\xff")])
    published = world.publish(100)
    with WorkerProcess(world):
        found = world.until_done(published)
    assert found.scored.total() == 200
    assert found.dead.total() == len(POISON)
    letters = list(exactly_once.read(world.kafka, world.kafka.names.dead_letters))
    assert [(m.key(), m.value()) for m in letters] == list(POISON.values())
    for message in letters:
        headers = dict(message.headers() or [])
        assert headers["trace"] == b"\x00\xff"
        assert headers["creneau-code"]
        assert headers["creneau-reason"]
        assert headers["creneau-topic"] == world.kafka.names.slot_created.encode()
        assert headers["creneau-epoch"] == str(world.epoch).encode()
        assert headers["creneau-version"]
        assert "creneau-replay-id" not in headers


def test_a_topic_of_nothing_but_garbage_stops_the_worker(world: World) -> None:
    world.publish(100)
    with WorkerProcess(world) as worker:
        world.until_done(100)
        world.publish_raw(((b"k", b"garbage") for _ in range(20_000)), partition=1)
        assert worker.ended() == 3
    found = world.check()
    assert found.dead.total() < 500
    assert not found.doubled
    assert not found.missing
    assert not found.premature
    assert "events were refused (most: not-json" in worker.log
    assert "creneau dead list" in worker.log
    assert "Traceback" not in worker.log


def test_the_limit_can_be_lifted(world: World) -> None:
    published = world.publish_raw(((b"k", b"garbage") for _ in range(3_000)), partition=1)
    with WorkerProcess(world, settings={"WORKER__DEAD_LETTER_RUN": "0"}):
        found = world.until_done(published)
    assert found.dead.total() == 3_000
