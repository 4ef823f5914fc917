"""From a completed replay to everything that must hold after it."""

from collections import Counter

from ledger.runs import read_runs
from replay.canonical import Certificate, digest
from replay.certificate import make_certificate
from replay.verify import verify
from tests.heart import invariants
from tests.heart.seen import Seen, place_of
from tests.replay.world import ReplayWorld


def certificate_of(world: ReplayWorld, replay_id: str) -> Certificate:
    """Made again from ledger and runs: its digest is the one on the ledger."""
    replay = world.replay(replay_id)
    assert replay.completed is not None
    made = make_certificate(world.state, read_runs(world.kafka), replay, replay.completed.at)
    assert digest(made) == replay.completed.certificate
    return made


def assert_proven(world: ReplayWorld, replay_id: str) -> Seen:
    """The certificate verifies, I1 to I4 and I6 hold, and the replay gave nothing twice."""
    certificate = certificate_of(world, replay_id)
    found = verify(world.kafka, certificate, world.state)
    assert found.verified, found
    from_models = world.replay(replay_id).request.from_models
    seen = invariants.assert_all(world.kafka, replayed=from_models)
    state = world.state
    invariants.assert_scored_as_registered(seen, lambda version: world.load(state.models[version]))
    assert_nothing_twice(seen)
    return seen


def assert_nothing_twice(seen: Seen) -> None:
    """No replay has given an event two outputs or two dead letters."""
    counted = Counter(
        [(output["replay_id"], *place_of(output)) for output in seen.outputs if output["replay_id"]]
    )
    dead = Counter((letter.replay_id, *letter.place) for letter in seen.dead if letter.replay_id)
    twice = [one for one, count in (counted.items() | dead.items()) if count > 1]
    assert not twice, f"{len(twice)} outcomes given twice: {twice[:5]}"
