"""A stranger's transaction on ``scoring-runs`` is open while a replay is planned."""

import pytest
from confluent_kafka import Producer

from broker.clients import new_admin
from broker.log import high_watermarks, last_stable_offsets
from ledger.records import Interval
from tests.consumer.world import eventually
from tests.heart.proof import assert_proven
from tests.heart.replaying import live, meanwhile, start_corrupted, still_waits
from tests.replay.world import ReplayWorld

pytestmark = pytest.mark.kafka


def stranger_on(world: ReplayWorld) -> Producer:
    """Somebody with an open transaction on the runs; what is in it is no run at all."""
    stranger = Producer(
        {
            "bootstrap.servers": world.kafka.bootstrap_servers,
            "transactional.id": f"{world.kafka.prefix}stranger",
            "transaction.timeout.ms": 120_000,
        }
    )
    stranger.init_transactions(30)
    stranger.begin_transaction()
    stranger.produce(world.kafka.names.scoring_runs, b"no run")
    assert stranger.flush(30) == 0
    return stranger


def runs_log(world: ReplayWorld) -> tuple[int, int]:
    """Up to where readers can see the runs, and where their log ends."""
    admin, topic = new_admin(world.kafka), world.kafka.names.scoring_runs
    return last_stable_offsets(admin, topic, [0])[0], high_watermarks(admin, topic, [0])[0]


def test_the_plan_waits_for_it_and_sees_what_is_committed_behind_it(world: ReplayWorld) -> None:
    start_corrupted(world)
    with live(world):
        world.until_done(world.publish(200))
        stranger = stranger_on(world)
        epoch = world.revoke("bad", replacement="good")
        eventually("acknowledged", lambda: set(world.acknowledged().values()) == {epoch})
        visible, end = runs_log(world)
        assert visible < end - 1, "nothing is committed behind the stranger's record"
        with meanwhile(lambda: world.request(to="good")) as planning:
            waited = still_waits(planning)
            stranger.abort_transaction(30)
        assert waited, "the plan was made without what is behind the open transaction"
        requested = planning.result()
    fences = world.replay(requested.replay_id).request.fences
    assert requested.plan.affected == tuple(
        Interval(partition, 0, fences[partition]) for partition in (0, 1)
    )
    with world.executor():
        world.until_completed(requested.replay_id)
    assert_proven(world, requested.replay_id)
