"""``docker compose up``: probabilities come out, seen from outside, and everything stops cleanly.

The images are those named in ``CRENEAU_IMAGE`` and ``CRENEAU_KAFKA_IMAGE``; CI builds them.
The tests run in this order on one stack: the last one takes it down.
"""

import json
import time
import uuid
from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer, Message, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.compose.stack import Stack, wait_until

pytestmark = [pytest.mark.compose, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    stack = Stack()
    try:
        stack.compose("up", "--detach", "--no-build")
        yield stack
    finally:
        stack.compose("down", "--volumes", check=False)


@pytest.fixture(autouse=True)
def logs_of_a_failure(stack: Stack, request: pytest.FixtureRequest) -> Iterator[None]:
    """What the containers said, beside a test that failed."""
    failed = request.session.testsfailed
    yield
    if request.session.testsfailed > failed:
        print(stack.compose("logs", "--no-color", "--tail=40", check=False))


def read(stack: Stack, topic: str, count: int, seconds: float = 120) -> list[Message]:
    """The first ``count`` messages of a topic, as any reader outside sees them."""
    consumer = Consumer(
        {
            "bootstrap.servers": stack.bootstrap_servers,
            "group.id": f"outside-{uuid.uuid4().hex}",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe([topic])
    found: list[Message] = []
    deadline = time.monotonic() + seconds
    try:
        while len(found) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} messages on {topic}"
            found += [each for each in consumer.consume(count, 1.0) if each.error() is None]
    finally:
        consumer.close()
    return found


def members(stack: Stack) -> int:
    """How many workers are in the group."""
    admin = AdminClient({"bootstrap.servers": stack.bootstrap_servers})
    described = admin.describe_consumer_groups(["creneau-worker"])["creneau-worker"]
    return len(described.result(10).members)


def ledger_end(stack: Stack) -> int:
    """Where the ledger's next record will be."""
    consumer = Consumer({"bootstrap.servers": stack.bootstrap_servers, "group.id": "outside"})
    try:
        end: int = consumer.get_watermark_offsets(TopicPartition("model-ledger", 0), timeout=10)[1]
        return end
    finally:
        consumer.close()


def test_probabilities_come_out(stack: Stack) -> None:
    outputs = read(stack, "slot-probability", 500)

    events = [json.loads(each.value() or b"{}") for each in outputs]
    assert all(0 <= event["probability"] <= 1 for event in events)
    assert len({event["probability"] for event in events}) > 50
    assert len({event["model_version"] for event in events}) == 1
    places = [(event["source_partition"], event["source_offset"]) for event in events]
    assert len(set(places)) == len(places)
    assert [each.partition() for each in outputs] == [partition for partition, _ in places]
    assert len({partition for partition, _ in places}) > 1


def test_two_workers_share_the_partitions_and_are_healthy(stack: Stack) -> None:
    wait_until(lambda: stack.health("worker") == ["healthy"] * 2, "two healthy workers")
    wait_until(lambda: members(stack) == 2, "two members in the group")
    assert stack.health("kafka") == ["healthy"]
    assert stack.exit_codes("topics") == [0]
    assert stack.exit_codes("first-model") == [0]
    assert stack.exit_codes("slot-app") == [None]


def test_coming_up_again_decides_nothing(stack: Stack) -> None:
    decided = ledger_end(stack)

    stack.compose("run", "--rm", "first-model")

    assert ledger_end(stack) == decided > 0


def test_workers_drain_when_they_are_stopped(stack: Stack) -> None:
    stack.compose("stop", "slot-app", "worker")

    assert stack.exit_codes("worker") == [0, 0]
    assert stack.exit_codes("slot-app") == [0]
    assert members(stack) == 0


def test_nothing_is_left_behind(stack: Stack) -> None:
    assert stack.left_behind()

    stack.compose("down", "--volumes")

    assert stack.left_behind() == []
