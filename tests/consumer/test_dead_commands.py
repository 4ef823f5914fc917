"""creneau dead: what a person sees of refused events, and how they come back."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import exactly_once
from tests.consumer.world import WorkerProcess, World, slot

pytestmark = pytest.mark.kafka
CRENEAU = str(Path(sys.executable).parent / "creneau")


def creneau(world: World, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [CRENEAU, *arguments],
        env=world.environment(),
        cwd=world.folder,
        capture_output=True,
        text=True,
        input=given,
        timeout=60,
        check=False,
    )


@pytest.fixture
def refused(world: World) -> World:
    """Ten good events and three refused ones, all done."""
    world.publish(10)
    key, value = slot(500)
    world.publish_raw([(b"k", b"not json")], partition=0, headers=[("trace", "abc")])
    world.publish_raw([(b"wrong key", value)], partition=1)
    world.publish_raw([(key, value.replace(b"48.8", b"148.8"))], partition=1)
    with WorkerProcess(world):
        world.until_done(13)
    return world


def test_list_counts_by_code(refused: World) -> None:
    listed = json.loads(creneau(refused, "dead", "list", "--json").stdout)
    assert listed["total"] == 3
    assert listed["by_code"] == {"not-json": 1, "key-mismatch": 1, "outside-globe": 1}
    assert len(listed["newest"]) == 3
    table = creneau(refused, "dead", "list", "--code", "not-json")
    assert "1 dead letters: not-json 1" in table.stdout
    assert "outside-globe" not in table.stdout


def test_show_tells_everything_about_one(refused: World) -> None:
    listed = json.loads(creneau(refused, "dead", "list", "--code", "not-json", "--json").stdout)
    offset = listed["newest"][0]["offset"]
    shown = creneau(refused, "dead", "show", "0", str(offset))
    assert shown.returncode == 0
    assert "not json" in shown.stdout
    assert "'trace': 'abc'" in shown.stdout
    nothing = creneau(refused, "dead", "show", "0", "999999")
    assert nothing.returncode == 1
    assert nothing.stderr == "no dead letter of partition 0, offset 999999\n"


def test_redriving_twice_publishes_once(refused: World) -> None:
    first = creneau(refused, "dead", "redrive", "--code", "not-json", "--yes")
    assert first.stdout == "1 events published again\n", first.stderr
    again = creneau(refused, "dead", "redrive", "--code", "not-json", "--yes")
    assert again.stdout == "1 were redriven before and are left out\nnothing to redrive\n"
    source = exactly_once.read(refused.kafka, refused.kafka.names.slot_created)
    redriven = [m for m in source if (m.key(), m.value()) == (b"k", b"not json")]
    assert len(redriven) == 2
    headers = dict(redriven[1].headers() or [])
    assert headers["trace"] == b"abc"
    assert headers["redriven-from"].startswith(b"0@")
    assert not any(name.startswith("creneau-") for name in headers)
    assert redriven[0].partition() == redriven[1].partition() == 0


def test_redriving_asks_first_and_wants_to_know_which(refused: World) -> None:
    declined = creneau(refused, "dead", "redrive", "--all", given="n\n")
    assert declined.returncode != 0
    assert "publish 3 events again" in declined.stderr
    unsaid = creneau(refused, "dead", "redrive", "--yes")
    assert unsaid.returncode == 2
    assert unsaid.stderr == "creneau: say which: --code, --partition, --offset or --all\n"
    source = list(exactly_once.read(refused.kafka, refused.kafka.names.slot_created))
    assert len(source) == 13
