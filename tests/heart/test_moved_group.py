"""An operator has moved the workers' group: the runs have a gap, the outcomes fill it."""

import pytest

from ledger.runs import read_runs
from replay.certificate import make_certificate
from replay.errors import UnexplainedGapError
from replay.request import Requested
from replay.verify import verify
from tests import exactly_once
from tests.consumer.test_group_offsets import done_and_stopped, move_group
from tests.consumer.world import WorkerProcess, eventually
from tests.heart.invariants import assert_none_left, assert_only_by_the_ledger, verdicts
from tests.heart.seen import Seen, look
from tests.replay.world import ReplayWorld

pytestmark = pytest.mark.kafka


@pytest.fixture
def scored_by_bad(world: ReplayWorld) -> ReplayWorld:
    """200 events scored by ``bad``; no worker runs."""
    world.start_with("bad")
    world.register("good", seed=1)
    done_and_stopped(world, 200)
    return world


def acknowledged(world: ReplayWorld, epoch: int) -> None:
    def done() -> bool:
        return world.at_the_end() and set(world.acknowledged().values()) == {epoch}

    eventually(f"everything scored, epoch {epoch} acknowledged", done)


def held_by(seen: Seen, version: str) -> set[tuple[int, int]]:
    """The events whose outcome in force is by one model, by scanning (I3)."""
    return {
        place
        for place, verdict in verdicts(seen).items()
        if verdict.output is not None and verdict.output[1] == version
    }


def planned(seen: Seen, requested: Requested) -> set[tuple[int, int]]:
    """The events in the affected ranges."""
    return {
        place
        for place in seen.events
        for partition, start, end in requested.plan.affected
        if place[0] == partition and start <= place[1] < end
    }


def assert_replayed_and_verified(world: ReplayWorld, requested: Requested) -> Seen:
    """Carry it out; I4, I6, and the certificate proved from the other side."""
    with world.executor():
        replay = world.until_completed(requested.replay_id)
    assert replay.completed is not None
    seen = look(world.kafka)
    assert_none_left(seen, {"bad"})
    assert_only_by_the_ledger(seen)
    state = world.state
    certificate = make_certificate(state, read_runs(world.kafka), replay, replay.completed.at)
    found = verify(world.kafka, certificate, state)
    assert (found.verified, found.left_behind) == (True, 0)
    assert found.checked == len(planned(seen, requested))
    return seen


def test_a_group_moved_back_over_a_revocation_is_scanned(scored_by_bad: ReplayWorld) -> None:
    world = scored_by_bad
    move_group(world, {0: 10})
    epoch = world.revoke("bad", replacement="good")
    said: list[str] = []
    with WorkerProcess(world, name="after"):
        acknowledged(world, epoch)
        before = look(world.kafka)
        requested = world.request(to="good", say=said.append)
    assert said == ["partition 0: the runs have a gap, scanning its outputs"]
    # From 10 on partition 0 was scored again, by good; below it only the outputs tell of bad.
    assert planned(before, requested) == held_by(before, "bad")
    assert {offset for partition, offset in held_by(before, "bad") if partition == 0} == set(
        range(10)
    )
    assert_replayed_and_verified(world, requested)


def test_what_was_scored_between_two_moves_is_scanned_though_a_run_covers_it(
    world: ReplayWorld,
) -> None:
    world.start_with("first")
    world.register("bad", seed=1)
    world.register("good", seed=2)
    done_and_stopped(world, 100)
    # Under bad, partition 1 is scored from 5 on for a second time; the second move loses that run.
    epoch = world.promote("bad")
    move_group(world, {1: 5})
    world.publish(100)
    with WorkerProcess(world, name="between") as worker:
        acknowledged(world, epoch)
        assert worker.stop() == 0
    move_group(world, {1: exactly_once.committed_offsets(world.kafka)[1] or 0})
    epoch = world.revoke("bad", replacement="good")
    with WorkerProcess(world, name="after"):
        acknowledged(world, epoch)
        before = look(world.kafka)
        requested = world.request(to="good")
    lost = {place for place in held_by(before, "bad") if place[0] == 1}
    assert {offset for _, offset in lost} == {o for p, o in before.events if p == 1 and o >= 5}
    assert planned(before, requested) == held_by(before, "bad")
    assert_replayed_and_verified(world, requested)


def test_events_that_an_operator_skipped_stop_the_plan_until_they_are_scored(
    scored_by_bad: ReplayWorld,
) -> None:
    world = scored_by_bad
    before = exactly_once.committed_offsets(world.kafka)[0] or 0
    world.publish(100)
    end = 1 + max(offset for partition, offset in look(world.kafka).events if partition == 0)
    move_group(world, {0: end})
    epoch = world.revoke("bad", replacement="good")
    with WorkerProcess(world, name="after") as worker:
        acknowledged(world, epoch)
        refused = f"partition 0: {end - before} events from offset {before} on .* never scored"
        with pytest.raises(UnexplainedGapError, match=refused):
            world.request(to="good")
        assert worker.stop() == 0
    assert world.state.replays == {}
    # As the message says: move it back, let the workers score them, start again.
    move_group(world, {0: before})
    with WorkerProcess(world, name="back"):
        acknowledged(world, epoch)
        requested = world.request(to="good")
    seen = assert_replayed_and_verified(world, requested)
    assert held_by(seen, "good") == set(seen.events)
    assert not world.check().missing
