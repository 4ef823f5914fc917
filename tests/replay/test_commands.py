"""The commands, as somebody on call uses them."""

import json
from pathlib import Path

import pytest

from tests.consumer.world import WorkerProcess
from tests.replay.commands import creneau, creneau_json
from tests.replay.world import ReplayWorld

pytestmark = pytest.mark.kafka


def test_from_the_alarm_to_the_verified_certificate(world: ReplayWorld) -> None:
    world.start_with("bad")
    world.register("good", seed=1)
    with WorkerProcess(world):
        world.until_done(world.publish(300))
        before = creneau_json(world, "replay", "preview", "--from-model", "bad", "--with", "good")
        assert before["affected"] == before["sample"]["n"] == 300
        assert before["by_model"] == {"bad": 300}
        assert sum(before["sample"]["histogram"]) == before["sample"]["n"]
        assert before["published_from"] <= before["published_to"]
        nothing = creneau(world, "replay", "preview", "--from-model", "good", "--with", "bad")
        assert nothing.startswith("nothing to correct")
        creneau(world, "replay", "start", "--with", "good", code=2)
        creneau(world, "model", "revoke", "bad", "--reason", "flipped", code=2)
        revoke = ("model", "revoke", "bad", "--with", "good", "--reason", "flipped")
        creneau(world, *revoke)
        assert "with --replay" in creneau(world, *revoke, code=2)
        # Repeated with --replay, it goes on to it: the revocation stands already.
        done = creneau_json(world, *revoke, "--replay")
        assert (done["state"], done["corrected"]) == ("completed", 300)
        path = Path(world.folder) / done["certificate"]
        found = creneau_json(world, "replay", "verify", str(path))
        assert found == {
            "verified": True,
            "mismatch": None,
            "checked": 300,
            "left_behind": 0,
            "examples": [],
            "read_from": {"kafka": 300, "archive": 0},
        }
    changed = json.loads(path.read_bytes())
    changed["affected"] = changed["affected"][:1]
    path.write_text(json.dumps(changed))
    assert "was changed" in creneau(world, "replay", "verify", str(path), "--json", code=1)
    assert creneau(world, "model", "log").count("ModelRevoked") == 1
    logs = (Path(world.folder) / "var" / "log").glob("replay-*.log")
    assert any("executor started" in log.read_text("utf-8") for log in logs)
    assert creneau(world, "model", "at", str(world.epoch)).startswith("bad ")
    assert {output["model_version"] for output in world.in_force().values()} == {"good"}


def test_a_canary_is_the_share_that_was_asked_for_and_goes_on_when_resumed(
    world: ReplayWorld,
) -> None:
    world.start_with("bad")
    world.register("good", seed=1)
    with WorkerProcess(world):
        world.until_done(world.publish(300))
        creneau(world, "model", "revoke", "bad", "--with", "good", "--reason", "flipped")
        words = ("replay", "start", "--with", "good", "--canary", "10%", "--executors", "2")
        paused = creneau_json(world, *words)
        assert (paused["state"], paused["corrected"]) == ("paused", 30)
        assert creneau_json(world, "replay", "status")["state"] == "paused"
        creneau(world, "replay", "start", "--with", "good", code=2)
        done = creneau_json(world, "replay", "resume", "--executors", "1")
        assert (done["state"], done["corrected"]) == ("completed", 300)


def test_a_cancelled_replay_is_drained_before_the_next(world: ReplayWorld) -> None:
    world.start_with("bad")
    world.register("good", seed=1)
    world.register("better", seed=2)
    small = {"REPLAY__CHUNK_OFFSETS": "20"}
    with WorkerProcess(world):
        world.until_done(world.publish(300))
        creneau(world, "model", "revoke", "bad", "--with", "good", "--reason", "flipped")
        detached = ("replay", "start", "--with", "good", "--detach")
        assert creneau_json(world, *detached, **small)["state"] == "running"
        creneau(world, "replay", "pause")
        creneau(world, "replay", "cancel")
        assert creneau_json(world, "replay", "status")["state"] == "draining"
        creneau(world, "model", "revoke", "good", "--with", "better", "--reason", "flipped too")
        done = creneau_json(world, "replay", "start", "--with", "better", **small)
        assert (done["state"], done["corrected"]) == ("completed", 300)
        states = [row["state"] for row in creneau_json(world, "replay", "list")]
        assert states == ["cancelled", "completed"]


def test_status_says_what_comes_next(world: ReplayWorld) -> None:
    assert "creneau model train" in creneau(world, "status")
    world.register("bad")
    assert "creneau model promote" in creneau(world, "status")
    world.epoch = world.promote("bad")
    assert creneau_json(world, "status")["next"] == "creneau worker"
    world.register("good", seed=1)
    with WorkerProcess(world):
        world.until_done(world.publish(50))
        shown = creneau_json(world, "status")
        assert (shown["in_force"], shown["scored"], shown["dead"]) == ("bad", 50, 0)
        held = [partition for one in shown["workers"].values() for partition in one]
        assert sorted(held) == [0, 1]
        creneau(world, "model", "revoke", "bad", "--with", "good", "--reason", "flipped")
        assert "replay preview --with good" in creneau(world)
