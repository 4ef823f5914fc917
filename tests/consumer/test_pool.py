"""creneau worker: the pool of processes, its probes and metrics, and its clear lines."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from broker.settings import KafkaSettings
from tests.consumer.world import World, eventually, http

pytestmark = pytest.mark.kafka
CRENEAU = str(Path(sys.executable).parent / "creneau")


@contextmanager
def pool(
    world: World, processes: int = 2, **settings: str
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A running ``creneau worker``; its process and its port."""
    log = world.folder / "pool.log"
    with log.open("wb") as file:
        running = subprocess.Popen(
            [CRENEAU, "worker", "--processes", str(processes), "--port", "0"],
            env=world.environment(**settings),
            cwd=world.folder,
            stderr=file,
        )
    try:
        port = eventually("a port", lambda: listening(log, running))
        yield running, port
    finally:
        if running.poll() is None:
            running.terminate()
            running.wait(40)


def listening(log: Path, running: subprocess.Popen[bytes]) -> int | None:
    assert running.poll() is None, log.read_text()
    for line in log.read_text().splitlines():
        if '"pool started"' in line:
            return int(json.loads(line)["port"])
    return None


def workers(world: World) -> list[int]:
    """The ids of the worker processes that are alive, in the order of their start."""
    lines = map(json.loads, (world.folder / "pool.log").read_text().splitlines())
    pids = [line["pid"] for line in lines if line["event"] == "worker started"]
    return [pid for pid in pids if alive(pid)]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def metric(body: str, name: str) -> float:
    found = re.findall(rf"^{re.escape(name)} (\S+)$", body, re.MULTILINE)
    return float(found[0]) if found else 0.0


def test_a_killed_process_is_started_again_and_the_counts_go_on(world: World) -> None:
    with pool(world) as (running, port):
        eventually("ready", lambda: http(port, "/readyz")[0] == 200)
        assert http(port, "/livez")[0] == 200
        world.until_done(world.publish(500))
        world.publish_raw([(b"k", b"garbage")])
        eventually(
            "501 events counted",
            lambda: metric(
                http(port, "/metrics")[1], 'creneau_dead_letters_total{code="not-json"}'
            ),
        )
        before = workers(world)
        os.kill(before[0], signal.SIGKILL)
        eventually("another process", lambda: set(workers(world)) - set(before))
        eventually("ready again", lambda: http(port, "/readyz")[0] == 200)
        world.until_done(world.publish(500))
        body = eventually("1,001 events counted", lambda: counted(port, 1_001))
        running.terminate()
        assert running.wait(40) == 0
    assert metric(body, "creneau_worker_restarts_total") == 1
    assert metric(body, 'creneau_model_in_force{version="v1",worker="test-0"}') == 1
    assert metric(body, 'creneau_model_scores_by_tables{worker="test-0"}') == 1
    assert metric(body, 'creneau_epoch{worker="test-0"}') == world.epoch
    assert metric(body, "creneau_batch_events_count") > 0
    assert metric(body, "creneau_latency_from_arrival_seconds_count") > 0
    assert metric(body, "creneau_latency_from_creation_seconds_count") > 0
    assert metric(body, 'creneau_lag_events{partition="0"}') == 0


def counted(port: int, at_least: int) -> str | None:
    body = http(port, "/metrics")[1]
    events = sum(metric(body, f'creneau_events_total{{outcome="{o}"}}') for o in ("scored", "dead"))
    # What a killed process counted since its last report is gone: a second's worth at most.
    return body if at_least - 500 <= events <= at_least and events > 500 else None


def test_the_processes_die_with_the_pool(world: World) -> None:
    with pool(world) as (running, port):
        eventually("ready", lambda: http(port, "/readyz")[0] == 200)
        assert len(workers(world)) == 2
        running.kill()
        running.wait()
        eventually("no worker left", lambda: not workers(world))


def test_without_a_model_it_is_live_but_not_ready(topics: KafkaSettings, tmp_path: Path) -> None:
    world = World(topics, tmp_path)
    with pool(world, 1) as (_, port):
        eventually("the reason", lambda: "no model is in force" in http(port, "/readyz")[1])
        assert http(port, "/readyz")[0] == 503
        assert http(port, "/livez")[0] == 200
        world.start_with("v1")
        eventually("ready", lambda: http(port, "/readyz")[0] == 200)


def test_the_pool_does_not_restart_what_a_person_has_to_look_at(world: World) -> None:
    world.publish_raw([(b"k", b"garbage") for _ in range(5_000)], partition=0)
    with pool(world, 2) as (running, _):
        assert running.wait(60) == 3
    assert "events were refused" in (world.folder / "pool.log").read_text()


def refusal(world: World, *arguments: str, **environment: str) -> tuple[int, list[str]]:
    """Exit code and lines of a ``creneau worker`` that is not to start."""
    done = subprocess.run(
        [CRENEAU, "worker", *arguments],
        env=world.environment() | environment,
        cwd=world.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr.splitlines()


def test_a_port_in_use_is_one_clear_line(world: World) -> None:
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        code, lines = refusal(world, "--port", str(port))
    assert code == 3
    assert len(lines) == 1
    assert f"port {port} cannot be listened on" in lines[0]


def test_missing_topics_are_one_clear_line(kafka_settings: KafkaSettings, tmp_path: Path) -> None:
    code, lines = refusal(World(kafka_settings, tmp_path))
    assert code == 3
    assert len(lines) == 1
    assert "creneau topics apply" in lines[0]


def test_a_bad_setting_is_one_clear_line(world: World) -> None:
    code, lines = refusal(world, CRENEAU_WORKER__BATCH_MAX_EVENTS="many")
    assert code == 2
    assert len(lines) == 1
    assert "worker.batch_max_events" in lines[0]


def test_no_broker_is_one_clear_line(world: World) -> None:
    code, lines = refusal(world, CRENEAU_BOOTSTRAP_SERVERS="127.0.0.1:1")
    assert code == 3
    assert len([line for line in lines if line.startswith("creneau:")]) == 1
    assert "127.0.0.1:1" in lines[-1]
