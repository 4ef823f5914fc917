"""Promotions and revocations while workers run: epochs, runs, hot swap, models that are no good."""

import threading
import time
from pathlib import Path

import pytest

from tests import exactly_once
from tests.consumer.world import WorkerProcess, World, eventually

pytestmark = pytest.mark.kafka


def acknowledged_by_all(world: World, epoch: int) -> None:
    eventually(f"epoch {epoch}", lambda: set(world.acknowledged().values()) == {epoch})


def test_idle_partitions_acknowledge_and_close_their_runs(world: World) -> None:
    with WorkerProcess(world):
        found = world.until_done(world.publish(300))
        first = world.epoch
        world.register("v2", seed=2)
        second = world.promote("v2")
        acknowledged_by_all(world, second)
        runs = world.runs()
    assert {run["epoch"] for run in runs} == {first}
    assert {run["model_version"] for run in runs} == {"v1"}
    assert sum(run["scored"] for run in runs) == 300
    for run in runs:
        assert run["from_offset"] == 0
        assert run["to_offset"] == found.committed[run["source_partition"]]


def test_an_empty_run_is_not_written(world: World) -> None:
    with WorkerProcess(world):
        acknowledged_by_all(world, world.epoch)
        world.register("v2", seed=2)
        acknowledged_by_all(world, world.promote("v2"))
        acknowledged_by_all(world, world.promote("v1"))
    assert world.runs() == []


def test_a_promotion_takes_over_in_mid_stream_without_a_gap(world: World) -> None:
    world.register("v2", seed=2)
    enough = threading.Event()

    def publish() -> None:
        while not enough.is_set():
            world.publish(50)
            time.sleep(0.02)

    thread = threading.Thread(target=publish)
    with WorkerProcess(world):
        thread.start()
        eventually("outputs of v1", lambda: len(world.outputs()) > 300)
        epoch = world.promote("v2")
        eventually(
            "outputs of v2", lambda: any(o["model_version"] == "v2" for o in world.outputs())
        )
        enough.set()
        thread.join()
        world.until_done(world.publish(0))
    for output in world.outputs():
        assert (output["model_version"] == "v2") == (output["epoch"] == epoch)


def test_a_revoked_model_never_scores_above_the_fence(world: World) -> None:
    world.register("v2", seed=2)
    with WorkerProcess(world):
        world.until_done(world.publish(200))
        epoch = world.revoke("v1", replacement="v2")
        acknowledged_by_all(world, epoch)
        fence = exactly_once.committed_offsets(world.kafka)
        world.until_done(world.publish(200))
    for output in world.outputs():
        above = output["source_offset"] >= (fence[output["source_partition"]] or 0)
        assert output["model_version"] == ("v2" if above else "v1")


@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_a_model_that_is_no_good_pauses_its_partitions_and_is_acknowledged(
    world: World, damage: str
) -> None:
    digest = world.register("v2", seed=2)
    artifact = next(Path(world.store.url).rglob(f"{digest}*"))
    content = artifact.read_bytes()
    artifact.chmod(0o644)
    if damage == "missing":
        artifact.unlink()
    else:
        artifact.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    settings = {"WORKER__MODEL_RETRY_SECONDS": "0.5"}
    with WorkerProcess(world, settings=settings) as worker:
        world.until_done(world.publish(100))
        epoch = world.promote("v2")
        acknowledged_by_all(world, epoch)
        published = world.publish(100)
        eventually("the alarm", lambda: "scoring waits" in worker.log and digest[:8] in worker.log)
        assert len(world.outputs()) == 100
        artifact.write_bytes(content)
        world.until_done(published)
    assert {o["model_version"] for o in world.outputs() if o["epoch"] == epoch} == {"v2"}
