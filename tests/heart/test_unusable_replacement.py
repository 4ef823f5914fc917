"""The replacement cannot be loaded where it has to score: scoring pauses, the fence does not."""

from pathlib import Path

import pytest

from broker.clients import new_admin
from producer_contract.testing.ports import free_ports
from replay.fence import read_fence
from tests.consumer.world import WorkerProcess, eventually, http
from tests.heart.invariants import assert_all, assert_scored_as_registered
from tests.replay.commands import CRENEAU
from tests.replay.world import ReplayWorld

pytestmark = pytest.mark.kafka


def test_a_partition_paused_by_a_bad_replacement_acknowledges_and_raises_the_alarm(
    world: ReplayWorld,
) -> None:
    world.start_with("bad")
    digest = world.register("good", seed=1)
    # The workers' store has lost it; whoever revokes may see another copy.
    artifact = next(Path(world.store.url).rglob(f"{digest}*"))
    content = artifact.read_bytes()
    port = free_ports(1)[0]
    command = [*CRENEAU, "worker", "--port", str(port)]
    settings = {"WORKER__MODEL_RETRY_SECONDS": "0.5"}
    with WorkerProcess(world, command=command, settings=settings) as worker:
        published = world.publish(200)
        world.until_done(published)
        eventually("a ready worker", lambda: http(port, "/readyz")[0] == 200)
        artifact.unlink()
        epoch = world.revoke("bad", replacement="good")
        admin = new_admin(world.kafka)
        eventually("the fence closed", lambda: read_fence(world.kafka, admin, epoch).closed)
        published = world.publish(100)
        _, why = eventually(
            "not ready", lambda: answer if (answer := http(port, "/readyz"))[0] == 503 else None
        )
        assert digest[:8] in why
        assert "scoring waits" in worker.log
        assert http(port, "/livez")[0] == 200
        # The fence is closed; nobody scores: neither the replacement nor, falling back, bad.
        assert len(world.outputs()) == 200
        artifact.write_bytes(content)
        world.until_done(published)
        eventually("a ready worker", lambda: http(port, "/readyz")[0] == 200)
        requested = world.request(to="good")
        with world.executor():
            world.until_completed(requested.replay_id)
    seen = assert_all(world.kafka, replayed={"bad"})
    state = world.state
    assert_scored_as_registered(seen, lambda version: world.load(state.models[version]))
