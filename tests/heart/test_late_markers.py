"""Transaction markers that come late: a commit shows in the group's offsets, or in the runs, before
it shows in the other logs."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.settings import KafkaSettings
from ledger.records import Interval
from tests.consumer.world import eventually
from tests.heart.marker_gate import Gate, GatedCluster, gated_cluster
from tests.heart.proof import assert_proven
from tests.heart.replaying import (
    A_WHILE,
    corrupt,
    live,
    meanwhile,
    outputs_in_the_open,
    start_corrupted,
    still_waits,
)
from tests.replay.world import ReplayWorld

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatedCluster]:
    with gated_cluster(tmp_path_factory.mktemp("gated")) as cluster:
        yield cluster


def apart(cluster: GatedCluster, topic: str, folder: Path) -> tuple[ReplayWorld, Gate]:
    """A world in which only ``topic`` lies behind the gate."""
    kafka = KafkaSettings(cluster.bootstrap_servers, prefix=f"t{uuid.uuid4().hex[:8]}-")
    return ReplayWorld(kafka, folder), cluster.topics_apart(kafka, kafka.prefix + topic)


def test_the_plan_waits_for_the_markers_of_the_runs(cluster: GatedCluster, tmp_path: Path) -> None:
    world, gate = apart(cluster, "scoring-runs", tmp_path)
    start_corrupted(world)
    with live(world):
        world.until_done(world.publish(100))
        gate.shut()
        epoch = world.revoke("bad", replacement="good")
        # The fence is closed by what the group says, and the closed run is not yet to be seen.
        eventually("acknowledged", lambda: set(world.acknowledged().values()) == {epoch})
        assert gate.holds.wait(10)
        with meanwhile(lambda: world.request(to="good")) as planning:
            waited = still_waits(planning)
            gate.open()
        assert waited, "the plan was made without the runs that were committed before it"
        requested = planning.result()
    fence = world.replay(requested.replay_id).request.fences[0]
    assert requested.plan.affected == (Interval(0, 0, fence),)
    with world.executor():
        world.until_completed(requested.replay_id)
    assert_proven(world, requested.replay_id)


def test_a_replay_is_not_completed_before_its_outputs_can_be_seen(
    cluster: GatedCluster, tmp_path: Path
) -> None:
    world, gate = apart(cluster, "slot-probability", tmp_path)
    requested = corrupt(world, 100, chunk_offsets=1_000)
    gate.shut()
    with world.executor():
        eventually("the run of its one chunk", lambda: world.runs()[-1]["replay_id"] is not None)
        assert gate.holds.wait(10)
        assert outputs_in_the_open(world) >= 100
        early = completed_within(world, requested.replay_id, A_WHILE)
        gate.open()
        assert not early, "completed before anybody could see the outputs"
        world.until_completed(requested.replay_id)
    assert_proven(world, requested.replay_id)


def completed_within(world: ReplayWorld, replay_id: str, seconds: float) -> bool:
    try:
        world.until_completed(replay_id, seconds=seconds)
    except AssertionError:
        return False
    return True
