"""From a corrupted model to a certificate, on a real Kafka."""

import pytest

from ledger.runs import of_replay, read_runs
from replay.canonical import digest
from replay.certificate import make_certificate
from replay.verify import verify
from tests.consumer.world import WorkerProcess
from tests.replay.world import ReplayWorld

pytestmark = pytest.mark.kafka


def test_a_corrupted_model_is_revoked_replayed_certified_and_verified(world: ReplayWorld) -> None:
    world.start_with("bad")
    world.register("good", seed=1)
    malformed = [(b"x", b"not json"), (None, b"{}")]
    with WorkerProcess(world):
        published = world.publish(400)
        published = world.publish_raw(malformed)
        world.until_done(published)
        world.revoke("bad", replacement="good")
        requested = world.request(to="good")
        published = world.publish(100)
        with world.executor():
            replay = world.until_completed(requested.replay_id)
        world.until_done(published)

    held = world.in_force()
    assert {output["model_version"] for output in held.values()} == {"good"}
    runs = of_replay(read_runs(world.kafka), requested.replay_id)
    assert sum(run.scored for run in runs) == 400
    assert sum(run.dead for run in runs) == len(malformed)
    again = make_certificate(
        world.state,
        read_runs(world.kafka),
        replay,
        replay.completed.at,  # type: ignore[union-attr]
    )
    assert digest(again) == replay.completed.certificate  # type: ignore[union-attr]
    found = verify(world.kafka, again, world.state)
    assert (found.verified, found.checked, found.left_behind) == (True, 402, 0)
    assert found.read_from == {"kafka": 402, "archive": 0}
