"""creneau archive: the pool of processes, its probes and metrics, and its clear lines."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.archive.world import ArchiveWorld
from tests.consumer.test_pool import CRENEAU, alive, listening, metric
from tests.consumer.world import eventually, http

pytestmark = pytest.mark.kafka

QUICK = {
    "ARCHIVE__BATCH_SECONDS": "0.2",
    "ARCHIVE__SESSION_TIMEOUT_SECONDS": "1",
    "ARCHIVE__RETRY_SECONDS": "0.1",
}


def settings_of(world: ArchiveWorld) -> dict[str, str]:
    return {
        **QUICK,
        "WAREHOUSE__ENDPOINT": str(world.warehouse.endpoint),
        "WAREHOUSE__DATASET": world.warehouse.dataset,
    }


@contextmanager
def pool(world: ArchiveWorld) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A running ``creneau archive`` of two processes; its process and its port."""
    log = world.folder / "pool.log"
    with log.open("wb") as file:
        running = subprocess.Popen(
            [CRENEAU, "archive", "--processes", "2", "--port", "0"],
            env=world.environment(**settings_of(world)),
            cwd=world.folder,
            stderr=file,
        )
    try:
        yield running, eventually("a port", lambda: listening(log, running))
    finally:
        if running.poll() is None:
            running.terminate()
            running.wait(40)


def processes(world: ArchiveWorld) -> list[int]:
    lines = map(json.loads, (world.folder / "pool.log").read_text().splitlines())
    pids = [line["pid"] for line in lines if line["event"] == "archive started"]
    return [pid for pid in pids if alive(pid)]


def refused(world: ArchiveWorld, code: int, **settings: str) -> str:
    done = subprocess.run(
        [CRENEAU, "archive", "--port", "0"],
        env=world.environment(**settings),
        cwd=world.folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.strip().splitlines()[-1]


def test_two_processes_share_the_work_tell_their_lag_and_drain(world: ArchiveWorld) -> None:
    published = world.publish(400)
    world.announce(100)

    def rows(port: int, table: str) -> float:
        return metric(http(port, "/metrics")[1], f'creneau_archive_rows_total{{table="{table}"}}')

    with pool(world) as (running, port):
        eventually("ready", lambda: http(port, "/readyz")[0] == 200)
        eventually("all rows counted", lambda: rows(port, "slot_events") == published)
        eventually("outputs counted", lambda: rows(port, "slot_probabilities") == 100)
        os.kill(processes(world)[0], signal.SIGKILL)
        published = world.publish(400)
        world.until_archived()
        assert http(port, "/livez")[0] == 200
        lag = 'creneau_archive_lag_offsets{partition="0",table="slot_events"}'
        eventually("no lag", lambda: f"{lag} 0.0" in http(port, "/metrics")[1])
        running.terminate()
        assert running.wait(40) == 0
    world.assert_archived_exactly_once()
    drained = world.committed("slot_events").values()
    assert not any("plan" in one.metadata for one in drained)


def test_what_is_missing_is_one_line(world: ArchiveWorld) -> None:
    assert "no warehouse is set" in refused(world, 2)
    settings = settings_of(world)
    assert "batch_seconds" in refused(world, 2, **(settings | {"ARCHIVE__BATCH_SECONDS": "0"}))
    world.query("ALTER TABLE dead_letters DROP COLUMN reason")
    assert "has no column 'reason': a table that is there is never" in refused(world, 3, **settings)
    world.query("DROP TABLE dead_letters")
    assert "creneau warehouse apply" in refused(world, 3, **settings)
