"""The group's other forms of membership, a source that grows, and a worker's memory."""

import json
import re
from pathlib import Path

import pytest
from confluent_kafka.admin import NewPartitions

from broker.clients import new_admin
from broker.topics import apply
from tests.consumer.world import WorkerProcess, World, eventually, slot

pytestmark = pytest.mark.kafka


@pytest.mark.parametrize(
    "membership",
    [{"WORKER__GROUP_PROTOCOL": "consumer"}, {"WORKER__GROUP_INSTANCE_ID": "static"}],
    ids=["consumer protocol", "static ids"],
)
def test_workers_share_and_hand_over_in_each_form_of_membership(
    world: World, membership: dict[str, str]
) -> None:
    with WorkerProcess(world, settings=membership) as first:
        world.publish(200)
        eventually("the first to be at the end", world.at_the_end)
        with WorkerProcess(world, name="second", settings=membership) as second:
            eventually("a partition for the second", lambda: "goes on where" in second.log)
            world.publish(200)
            assert first.stop() == 0
            world.until_done(world.publish(200))
            assert second.stop() == 0


def test_a_partition_that_the_outcomes_lack_waits_while_the_others_go_on(world: World) -> None:
    names, admin = world.kafka.names, new_admin(world.kafka)
    # Brisk, so that the test need not wait for what is seen within seconds anyway.
    settings = {
        "WORKER__PLACING_RETRY_SECONDS": "0.5",
        "KAFKA": json.dumps({"topic.metadata.refresh.interval.ms": 500}),
    }
    with WorkerProcess(world, settings=settings) as worker:
        grown = admin.create_partitions([NewPartitions(names.slot_created, 3)])
        grown[names.slot_created].result()
        eventually("what to do", lambda: "creneau topics apply" in worker.log)
        for partition in (0, 1):
            world.publish_raw(
                map(slot, range(100 * partition, 100 * partition + 100)), partition=partition
            )
        eventually("the others' events done", world.at_the_end)
        published = world.publish_raw(map(slot, range(200, 300)), partition=2)
        apply(admin, names, partitions=3)
        world.until_done(published)
        assert worker.stop() == 0


@pytest.mark.soak
def test_the_memory_of_a_worker_does_not_follow_the_backlog(world: World) -> None:
    """240 MB wait; 4 MiB may be fetched ahead (with 1 GB allowed it took 259 MB more)."""
    settings = {"WORKER__QUEUE_KBYTES": "4096"}
    with WorkerProcess(world, settings=settings) as worker:
        world.until_done(world.publish(2_000))
        before = most_memory(worker)
        assert worker.stop() == 0
    padding = b',"note":"' + b"x" * 2_000 + b'"}'
    backlog = ((key, value[:-1] + padding) for key, value in map(slot, range(2_000, 102_000)))
    world.publish_raw(backlog)
    with WorkerProcess(world, settings=settings) as worker:
        eventually("the backlog done", world.at_the_end, seconds=200)
        assert most_memory(worker) < before + 48
        assert worker.stop() == 0


def most_memory(worker: WorkerProcess) -> float:
    """The most resident memory that the process ever had, in MB."""
    status = Path(f"/proc/{worker.process.pid}/status").read_text("ascii")
    return int(re.findall(r"VmHWM:\s*(\d+) kB", status)[0]) / 1_024
