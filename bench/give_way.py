"""How long an executor goes on committing when live scoring falls behind.

``python -m bench.give_way [--slots 5000000] [--rounds 5] [--json FILE]``

One executor replays as fast as it can while a worker scores 1,000 new slots a second. In each round
the worker is stopped (SIGSTOP): some time later the next event to be scored is older than the limit
(``CRENEAU_REPLAY__LIVE_AGE_LIMIT``, 1 s). From that moment, Kafka's timestamp of that event and the
limit, until a plain read_committed reader has the last of the chunks that the executor still
commits; 0 if it committed none. Then the worker goes on, and with it, later, the executor.
"""

import argparse
import json
import os
import random
import signal
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from bench.arrivals import Arrivals
from bench.backlog import PARTITIONS, rate_of
from bench.commands import CRENEAU, process, settings_of
from bench.fill import fill
from bench.models import promote, register
from bench.proc import wait_for_members
from broker.clients import new_admin
from broker.groups import committed
from broker.log import new_range_reader, read_range
from broker.settings import KafkaSettings
from broker.topics import apply
from ledger.runs import decode_run
from producer_contract.testing.broker import STEADY
from producer_contract.testing.embedded import EmbeddedKafka
from replay.settings import ReplaySettings

SOUND, CORRUPTED = "sound", "corrupted"
RATE: Final = 1_000
"""Live slots per second."""
STOPPED_SECONDS: Final = 4.5
"""Less than the session's time-out: the stopped worker stays in its group."""
ANY_PHASE_SECONDS: Final = 1.0
"""A round begins at a random moment of the governor's and the executor's intervals."""
WAIT_SECONDS: Final = 60.0


def measure(kafka: KafkaSettings, worker: int, chunks: Arrivals[bool], limit: float) -> float:
    """One round: seconds from the limit's being exceeded to the last commit.

    Raises:
        TimeoutError: the executor does not work (again): the replay may be done.
    """
    chunks.wait_for(bool, WAIT_SECONDS)
    time.sleep(random.uniform(0, ANY_PHASE_SECONDS))
    chunks.wait_for(bool, WAIT_SECONDS)
    os.kill(worker, signal.SIGSTOP)
    try:
        time.sleep(STOPPED_SECONDS)
        exceeded = oldest_waiting(kafka) + limit
        ended = time.time()
    finally:
        os.kill(worker, signal.SIGCONT)
    return after(exceeded, [at for at, _ in chunks.between(exceeded, ended)])


def after(exceeded: float, commits: Sequence[float]) -> float:
    """From a moment to the last of the commits behind it; 0: there is none. Pure."""
    return max(commits, default=exceeded) - exceeded


def oldest_waiting(kafka: KafkaSettings) -> float:
    """When the oldest of the events that the live group does next was published, seconds since
    1970."""
    topic = kafka.names.slot_created
    at = committed(
        new_admin(kafka), kafka.names.worker_group, topic, range(PARTITIONS), require_stable=False
    )
    reader = new_range_reader(kafka)
    try:
        return (
            min(
                next(read_range(reader, topic, p, one.offset, one.offset + 1))[0].timestamp()[1]
                for p, one in at.items()
                if one.offset is not None
            )
            / 1_000
        )
    finally:
        reader.close()


def run(slots: int, rounds: int, folder: Path) -> dict[str, Any]:
    """All rounds, in one replay."""
    limit = ReplaySettings().live_age_limit
    found = []
    with EmbeddedKafka(folder / "kafka", jvm=STEADY) as embedded:
        kafka = KafkaSettings(embedded.bootstrap_servers)
        apply(new_admin(kafka), kafka.names, partitions=PARTITIONS)
        register(kafka, folder, SOUND)
        register(kafka, folder, CORRUPTED, corrupted=True)
        promote(kafka, folder, CORRUPTED)
        fill(kafka, folder, slots, processes=2)
        settings = settings_of(kafka, folder)
        worker = [*CRENEAU, "worker", "--processes", "1", "--port", "0"]
        slot_app = [*CRENEAU, "sandbox", "slot-app", "--rate", str(RATE)]
        replay = [*CRENEAU, "model", "revoke", CORRUPTED, "--with", SOUND]
        replay += ["--reason", "a benchmark", "--replay", "--executors", "1", "--json"]
        with process(worker, settings, folder / "worker.log") as pool:
            rate_of(kafka, kafka.names.worker_group)
            pid = wait_for_members(pool.pid, 1)["worker 1"]
            with (
                process(slot_app, settings, folder / "slot-app.log"),
                Arrivals(kafka, kafka.names.scoring_runs, _is_a_chunk) as chunks,
                process(replay, settings, folder / "replay.log"),
            ):
                for number in range(rounds):
                    found.append(measure(kafka, pid, chunks, limit))
                    print(f"round {number + 1}: {found[-1]:.2f} s", flush=True)
    return {"slots": slots, "limit_seconds": limit} | results(found)


def _is_a_chunk(value: bytes | None) -> bool | None:
    """Whether a run is an executor's; a worker's are passed over."""
    return True if decode_run(value).replay_id is not None else None


def results(found: Sequence[float]) -> dict[str, Any]:
    """Seconds of each round, the median and the worst. Pure."""
    return {
        "seconds": list(found),
        "median": {"seconds": statistics.median(found)},
        "worst": {"seconds": max(found)},
    }


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--slots", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="creneau-bench-") as folder:
        try:
            found = run(options.slots, options.rounds, Path(folder))
        except TimeoutError as error:
            raise SystemExit(
                f"{error}; if the replay is done before its time, give more --slots"
            ) from error
    print(f"worst: {found['worst']['seconds']:.2f} s (promised: within 1 s)")
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
