"""Workers that die, freeze or lose their broker: every event still has exactly one outcome."""

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition

from broker.clients import new_admin
from broker.settings import KafkaSettings
from broker.topics import apply
from tests.conftest import OwnKafka
from tests.consumer.world import WorkerProcess, World, eventually

pytestmark = pytest.mark.kafka


REPOSITORY = str(Path(__file__).parents[2])


def held_worker(world: World, where: str, *options: str) -> tuple[WorkerProcess, Path]:
    file = world.folder / "held"
    command = [sys.executable, "-m", "tests.consumer.held_worker", where, str(file), *options]
    worker = WorkerProcess(world, name="held", command=command, path=REPOSITORY)
    return worker, file


@contextmanager
def load(world: World, batch: int = 100) -> Iterator[None]:
    """Keep publishing while this lasts."""
    enough = threading.Event()

    def publish() -> None:
        while not enough.is_set():
            world.publish(batch)
            time.sleep(0.05)

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()


def uncommitted_outputs(world: World) -> int:
    """Outputs on the log as a read_uncommitted reader sees them (markers included)."""
    consumer = Consumer(
        {
            "bootstrap.servers": world.kafka.bootstrap_servers,
            "group.id": "uncommitted",
            "isolation.level": "read_uncommitted",
        }
    )
    topic = world.kafka.names.slot_probability
    ends = [consumer.get_watermark_offsets(TopicPartition(topic, p))[1] for p in range(2)]
    consumer.close()
    return sum(ends)


@pytest.mark.containers
@pytest.mark.parametrize("where", ["produced", "offsets-sent"])
def test_a_worker_killed_inside_a_transaction_leaves_nothing_behind(
    world: World, where: str
) -> None:
    published = world.publish(1_000)
    held, file = held_worker(world, where)
    with held:
        eventually("an open transaction", file.exists)
        assert uncommitted_outputs(world) > 0
        assert world.check().outcomes.total() == 0
        held.signal(signal.SIGKILL)
        assert held.ended() == -signal.SIGKILL
        with WorkerProcess(world):
            world.until_done(published)


@pytest.mark.parametrize("where", ["produced", "offsets-sent"])
def test_a_worker_frozen_past_its_session_is_refused_and_joins_again(
    world: World, where: str
) -> None:
    published = world.publish(1_000)
    held, file = held_worker(world, where)
    with held:
        eventually("a frozen worker in an open transaction", file.exists)
        with WorkerProcess(world) as other:
            # The other one gets everything only once the group has put the frozen one out.
            world.until_done(published)
            held.signal(signal.SIGCONT)
            published = world.publish(1_000)
            world.until_done(published)
            assert other.stop() == 0
        # It lives, and takes over.
        published = world.publish(100)
        world.until_done(published)
        assert held.stop() == 0


def test_the_group_alone_refuses_a_frozen_worker_whose_transaction_is_still_open(
    world: World,
) -> None:
    published = world.publish(1_000)
    held, file = held_worker(world, "produced", "600")
    with held:
        eventually("a frozen worker in an open transaction", file.exists)
        with WorkerProcess(world):
            # Its outputs cannot be read yet: the open transaction holds every reader back.
            eventually("the other one past every event", world.at_the_end, every=0.3)
            held.signal(signal.SIGCONT)
            world.until_done(published)
            eventually("its refusal", lambda: "transaction aborted" in held.log)
            assert "UNKNOWN_MEMBER_ID" in held.log
        world.until_done(world.publish(100))


def test_transactions_that_fail_in_every_way_are_made_again(world: World) -> None:
    failing = [sys.executable, "-m", "tests.consumer.failing_worker"]
    settings = {"WORKER__BATCH_MAX_EVENTS": "50"}
    published = world.publish(1_000)
    with WorkerProcess(world, command=failing, path=REPOSITORY, settings=settings) as worker:
        world.until_done(published)
        assert worker.log.count("transaction aborted") > 1
        assert worker.log.count("session lost") > 2
        worker.signal(signal.SIGKILL)


@pytest.mark.parametrize("topics", [4], indirect=True)
def test_rebalances_under_load_lose_and_double_nothing(world: World) -> None:
    with load(world), WorkerProcess(world, name="first") as first:
        eventually("outcomes", lambda: len(world.outputs()) > 200)
        with WorkerProcess(world, name="second") as second:
            eventually("a share for the second", lambda: "partition goes on" in second.log)
            with WorkerProcess(world, name="third") as third:
                eventually("a share for the third", lambda: "partition goes on" in third.log)
                assert first.stop() == 0
                third.signal(signal.SIGKILL)
                third.ended()
                done = len(world.outputs())
                eventually("more outcomes", lambda: len(world.outputs()) > done + 500)
            assert second.stop() == 0
    with WorkerProcess(world, name="last"):
        world.until_done(world.publish(0))


def test_a_restart_of_the_broker_is_survived(own_kafka: OwnKafka, tmp_path: Path) -> None:
    cluster = own_kafka()
    kafka = KafkaSettings(cluster.bootstrap_servers)
    apply(new_admin(kafka), kafka.names, partitions=2)
    world = World(kafka, tmp_path).start_with("v1")
    with WorkerProcess(world) as worker:
        published = world.publish(500)
        world.until_done(published)
        with load(world):
            eventually("outcomes under load", lambda: len(world.outputs()) > 700)
            cluster.brokers[0].stop()
            cluster.brokers[0].start()
            done = world.until_answering()
            eventually("outcomes after the restart", lambda: len(world.outputs()) > done + 300)
        world.until_done(world.publish(0))
        assert worker.stop() == 0
