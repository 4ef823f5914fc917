"""Where a worker's microseconds go: one process on a backlog, looked into by py-spy.

``python -m bench.profile [--events 14000000] [--seconds 20] [--json FILE]`` (Linux)

py-spy, in an environment of its own, looks 200 times a second at what each thread of the worker's
interpreter is doing on a processor; what it saw is sorted into the steps of the worker's work.
``/proc`` gives the processor time of the interpreter's threads, of librdkafka's, and of the broker,
meanwhile. All of it is divided by the events committed in these seconds: microseconds an event.
"""

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from bench.backlog import PARTITIONS, Position
from bench.commands import CRENEAU, process, settings_of
from bench.fill import fill
from bench.models import promote_model
from bench.peers.environments import python_of, run
from bench.proc import cpu_seconds, seconds_in, wait_for_members
from bench.profile_table import table
from broker.clients import new_admin
from broker.settings import KafkaSettings
from broker.topics import apply
from producer_contract.testing.broker import STEADY
from producer_contract.testing.embedded import EmbeddedKafka

LOOKS_PER_SECOND: Final = 200
WARM_SECONDS: Final = 5.0
WAIT_SECONDS: Final = 60.0
LIBRDKAFKA: Final = "rdk:"
"""How the names of its threads begin."""

STEPS: Final = (
    ("consume", ("consumer/source.py",)),
    ("decode and validate", ("decode_slots (model/slots.py",)),
    ("features", ("features_of (model/features.py", "feature_matrix (model/features.py")),
    ("trees", ("model/quick_scorer.py", "model/engine.py")),
    ("encode the answers", ("producer_contract/encoding.py",)),
    ("outcomes, the rest", ("consumer/outcomes.py", "model/scoring.py")),
    ("produce", ("produce_all (broker/session.py", "_write_outcomes (consumer/transaction.py")),
    ("offsets and commit", ("consumer/transaction.py", "broker/session.py")),
)
"""What a step's stack has in it: the first that fits counts."""
THE_REST: Final = "the loop around it"


def by_step(stacks: Iterable[str]) -> dict[str, int]:
    """Looks by step; a line is a stack, outermost first, and how often it was seen. Pure."""
    found: Counter[str] = Counter()
    for line in stacks:
        stack, _, count = line.rpartition(" ")
        fitting = (name for name, signs in STEPS if any(sign in stack for sign in signs))
        found[next(fitting, THE_REST)] += int(count)
    return {name: found[name] for name, _ in (*STEPS, (THE_REST, ()))}


def thread_seconds(pid: int) -> dict[str, float]:
    """Processor seconds so far of the interpreter's threads and of librdkafka's.

    The interpreter's are all of the process's that are not librdkafka's: threads that have ended
    (one is started for every sending of offsets) are in no list, but in the process's sum.
    librdkafka's last as long as their client.
    """
    whole, librdkafka = cpu_seconds(pid), 0.0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            name = (task / "comm").read_text("utf-8", "replace").strip()
            if name.startswith(LIBRDKAFKA):
                librdkafka += seconds_in((task / "stat").read_text("ascii", "replace"))
        except OSError:
            continue  # it has ended since it was listed
    return {"interpreter": whole - librdkafka, "librdkafka": librdkafka}


def measure(events: int, seconds: float, folder: Path) -> dict[str, Any]:
    """Fill a Kafka, let one worker score, look."""
    spy = python_of("py-spy").with_name("py-spy")
    with EmbeddedKafka(folder / "kafka", jvm=STEADY) as embedded:
        kafka = KafkaSettings(embedded.bootstrap_servers)
        apply(new_admin(kafka), kafka.names, partitions=PARTITIONS)
        promote_model(kafka, folder)
        fill(kafka, folder, events, processes=2)
        command = [*CRENEAU, "worker", "--processes", "1", "--port", "0"]
        with process(command, settings_of(kafka, folder), folder / "worker.log") as pool:
            position = Position(kafka, kafka.names.worker_group)
            _wait_for_work(position)
            worker = wait_for_members(pool.pid, 1)["worker 1"]
            # Twice: the looks slow the worker down, so that its rate is taken without them.
            rate, spent = _watched(position, worker, embedded.brokers[0].pid, seconds, None)
            stacks = folder / "stacks"
            look: list[str | Path] = [spy, "record", "--pid", str(worker), "--format", "raw"]
            look += ["--duration", str(round(seconds)), "--rate", str(LOOKS_PER_SECOND)]
            _watched(
                position, worker, embedded.brokers[0].pid, seconds, [*look, "--output", stacks]
            )
            if position.done() >= events:
                raise RuntimeError("the backlog was done too early: give more --events")
    return figures(rate, spent, by_step(stacks.read_text("utf-8").splitlines()))


def figures(rate: float, spent: Mapping[str, float], looks: Mapping[str, int]) -> dict[str, Any]:
    """Microseconds an event: on the clock, of each one's processors, of each step. ``spent``:
    cores kept busy. Pure."""
    each = {name: cores / rate * 1e6 for name, cores in spent.items()}
    whole = sum(looks.values())
    steps = {name: each["interpreter"] * count / whole for name, count in looks.items()}
    return {
        "per_second": rate,
        "microseconds": {"clock": 1e6 / rate, **each},
        "cores": dict(spent),
        "steps": steps,
    }


def _watched(
    position: Position, worker: int, broker: int, seconds: float, look: list[str | Path] | None
) -> tuple[float, dict[str, float]]:
    """Events per second and cores kept busy, for so long; ``look``: a command that takes it."""

    def spent() -> dict[str, float]:
        return thread_seconds(worker) | {"broker": cpu_seconds(broker)}

    began, done, before = time.monotonic(), position.done(), spent()
    if look is None:
        time.sleep(seconds)
    else:
        run("py-spy", look)
    took, after = time.monotonic() - began, spent()
    rate = (position.done() - done) / took
    return rate, {name: (after[name] - before[name]) / took for name in before}


def _wait_for_work(position: Position) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not position.done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"the worker committed nothing for {WAIT_SECONDS:.0f} s")
        time.sleep(0.1)
    time.sleep(WARM_SECONDS)


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--events", type=int, default=14_000_000)
    options.add_argument("--seconds", type=float, default=20.0)
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="creneau-bench-") as folder:
        found = measure(chosen.events, chosen.seconds, Path(folder))
    print(table(found))
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
