"""Events that the revoked model scored and the replacement refuses: withdrawn, never left."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ledger.fold import Model
from ledger.runs import read_runs
from model.engine import Engine
from replay.certificate import make_certificate
from replay.verify import verify
from tests.consumer.world import WorkerProcess
from tests.heart.invariants import applied, assert_all
from tests.heart.seen import place_of
from tests.models import LATITUDE
from tests.replay.world import ReplayWorld

pytestmark = pytest.mark.kafka

NORTH = 48.92
"""Of a hundred events, 29 lie north of it."""


class Picky(Engine):
    """Has no answer for the north."""

    def probabilities(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        north = matrix[:, LATITUDE] > NORTH
        return np.where(north, np.nan, super().probabilities(matrix))


class PickyWorld(ReplayWorld):
    """Executors get a replacement that is picky."""

    def load(self, model: Model) -> Engine:
        engine = super().load(model)
        engine.__class__ = Picky
        return engine


def test_what_the_replacement_refuses_is_withdrawn_counted_and_listed(world: ReplayWorld) -> None:
    picky = PickyWorld(world.kafka, world.folder)
    picky.start_with("bad")
    picky.register("good", seed=1)
    malformed = [(b"x", b"not json"), (None, b"{}")]
    with WorkerProcess(picky):
        published = picky.publish(300)
        published = picky.publish_raw(malformed)
        picky.until_done(published)
        picky.revoke("bad", replacement="good")
        requested = picky.request(to="good")
        with picky.executor():
            replay = picky.until_completed(requested.replay_id)

    seen = assert_all(picky.kafka, replayed={"bad"})
    withdrawn = {place_of(o): o for o in seen.outputs if o["probability"] is None}
    letters = {letter.place: letter for letter in seen.dead if letter.replay_id is not None}
    assert len(withdrawn) == 3 * 29
    # What was dead before, and still is, gets nothing.
    assert withdrawn.keys() == letters.keys()
    assert len(seen.dead) == len(letters) + len(malformed)
    for place, output in withdrawn.items():
        key, value = seen.events[place]
        assert output["slot_id"].encode() == key
        assert output["replay_id"] == requested.replay_id
        assert output["epoch"] == requested.epoch
        assert output["model_version"] == "good"
        assert output["lesson_start_at"] is None
        letter = letters[place]
        assert (letter.code, letter.key, letter.value) == ("scoring-failed", key, value)
        assert applied(seen.outputs)[output["slot_id"]] is output
    runs = [run for run in seen.runs if run["replay_id"] is not None]
    assert sum(run["verdict_changes_count"] for run in runs) == len(withdrawn)
    listed = {
        (run["source_partition"], offset): verdict
        for run in runs
        for offset, verdict in run["verdict_changes"]
    }
    assert listed == dict.fromkeys(withdrawn, "refused")

    assert replay.completed is not None
    certificate = make_certificate(picky.state, read_runs(picky.kafka), replay, replay.completed.at)
    assert certificate["totals"] == {
        "scored": 300 - len(withdrawn),
        "dead": len(withdrawn) + len(malformed),
        "verdict_changes": len(withdrawn),
    }
    found = verify(picky.kafka, certificate, picky.state)
    assert (found.verified, found.checked, found.left_behind) == (True, published, 0)
