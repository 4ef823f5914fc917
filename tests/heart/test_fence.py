"""A batch is in flight when its model is revoked: the fence waits for it.

Break it on purpose: without the fence's look at the metadata the committed offset alone would do,
the batch would be committed after the plan was made, and stay for ever. The second test takes the
check out and sees that happen; the first one is red without it.
"""

import signal
import threading
from collections.abc import Mapping
from concurrent.futures import Future

import pytest

from broker.groups import Committed
from replay import fence
from replay.request import Requested
from tests.consumer.world import eventually
from tests.heart.held_worker import held_worker
from tests.heart.invariants import assert_all, assert_silent_above, fences_of, left_behind
from tests.heart.seen import Seen, look
from tests.heart.watching import assert_only_whole, watching
from tests.replay.world import ReplayWorld

pytestmark = pytest.mark.kafka


def revoked_in_mid_batch(world: ReplayWorld, where: str) -> tuple[str, list[str]]:
    """``bad`` is revoked while a worker stands still in a batch scored by it; a replay is asked for
    at once, and carried out. The replay's id, and what the operator was told meanwhile."""
    said: list[str] = []
    world.start_with("bad")
    world.register("good", seed=1)
    world.publish(400)
    with held_worker(world, where, in_time=True) as held:
        world.revoke("bad", replacement="good")
        asked = ask_in_background(world, said)
        eventually("a word from the fence", lambda: said or asked.done())
        if not asked.done():
            assert world.state.replays == {}, "asked for before the fence was closed"
        held.signal(signal.SIGCONT)
        requested = asked.result(60)
        published = world.publish(100)
        with world.executor():
            world.until_completed(requested.replay_id)
        world.until_done(published)
    return requested.replay_id, said


def ask_in_background(world: ReplayWorld, said: list[str]) -> Future[Requested]:
    """Ask for a replay in a thread that nobody waits for should the test fail."""
    asked: Future[Requested] = Future()

    def ask() -> None:
        try:
            asked.set_result(world.request(to="good", say=said.append))
        except BaseException as error:
            asked.set_exception(error)

    threading.Thread(target=ask, daemon=True).start()
    return asked


@pytest.mark.parametrize("where", ["scored", "produced"])
def test_a_batch_in_flight_at_the_revocation_is_waited_for_and_replayed(
    world: ReplayWorld, where: str
) -> None:
    with watching(world.kafka) as watcher:
        replay_id, said = revoked_in_mid_batch(world, where)
    seen = assert_all(world.kafka, replayed={"bad"})
    assert_only_whole(watcher, seen)
    assert said[0].startswith(f"revocation at epoch {revocation(seen)}: 0 of 2 partitions")
    fences = fences_of(seen, replay_id)
    batch = [output for output in seen.of_version("bad") if output["replay_id"] is None]
    assert batch, "the batch in flight was to be committed"
    assert all(output["source_offset"] < fences[output["source_partition"]] for output in batch)


def test_without_the_metadata_check_probabilities_are_left_behind(
    world: ReplayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_offset_alone(answers: Mapping[int, Committed], epoch: int) -> fence.Fence:
        return fence.Fence(epoch, fence.standings(answers), ())

    monkeypatch.setattr(fence, "fence_of", by_offset_alone)
    replay_id, said = revoked_in_mid_batch(world, "scored")
    assert said == []
    seen = look(world.kafka)
    assert world.replay(replay_id).completed
    assert left_behind(seen, {"bad"})
    with pytest.raises(AssertionError, match="I6: bad scored"):
        assert_silent_above(seen, "bad", fences_of(seen, replay_id))


def revocation(seen: Seen) -> int:
    return next(offset for offset, r in seen.ledger.items() if r["type"] == "ModelRevoked")
