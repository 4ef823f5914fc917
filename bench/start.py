"""From a worker's start to its first commit, step by step, and how long ``creneau --help`` takes.

``python -m bench.start [--rounds 5] [--json FILE]``

Events are waiting; ``creneau worker`` is started, and a plain read_committed reader waits for the
first answer. The steps in between are the times in the worker's own log. A group's own delays are
the cluster's affair: ``group.initial.rebalance.delay.ms`` is 0 in the embedded Kafka, 3,000 by
default elsewhere; the same is measured with both, and their difference shown apart.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from confluent_kafka import Consumer, TopicPartition

from bench.backlog import PARTITIONS, publish, slot_events
from bench.commands import process, settings_of
from bench.models import promote_model
from broker.clients import new_admin, new_consumer
from broker.log import high_watermarks
from broker.settings import KafkaSettings
from broker.topics import apply
from producer_contract.testing.broker import STEADY
from producer_contract.testing.embedded import EmbeddedKafka

CRENEAU: Final = Path(sys.executable).with_name("creneau")
EVENTS: Final = 800
DELAYS_MS: Final = (0, 3_000)
"""Of the group's first rebalance: the embedded Kafka's, and Kafka's default."""
WAIT_SECONDS: Final = 60.0
STEPS: Final = {
    "process ready": ("worker started",),
    "joined and placed": ("partition ",),
    "model loaded": ("model in force",),
}
"""What the worker's log says at the end of each step, by the beginning of its lines."""
COMMITTED: Final = "first commit read"


def measure(kafka: KafkaSettings, folder: Path, number: int) -> dict[str, float]:
    """Seconds from the start of ``creneau worker`` to the end of each step."""
    publish(kafka, slot_events(EVENTS, f"start-{number}"))
    reader = _reader_of_what_comes(kafka)
    log = folder / f"{kafka.prefix}worker-{number}.log"
    command = [str(CRENEAU), "worker", "--processes", "1", "--port", "0"]
    began = time.time()
    try:
        with process(command, settings_of(kafka, folder), log):
            first = _first(reader)
            return reached(log.read_text("utf-8").splitlines(), began) | {COMMITTED: first - began}
    finally:
        reader.close()


def _reader_of_what_comes(kafka: KafkaSettings) -> Consumer:
    topic = kafka.names.slot_probability
    ends = high_watermarks(new_admin(kafka), topic, range(PARTITIONS))
    reader = new_consumer(kafka)
    reader.assign([TopicPartition(topic, partition, end) for partition, end in ends.items()])
    return reader


def _first(reader: Consumer) -> float:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        message = reader.poll(0.05)
        if message is not None and message.error() is None:
            return time.time()
    raise TimeoutError(f"no answer {WAIT_SECONDS:.0f} s after the worker's start")


def reached(log: Iterable[str], began: float) -> dict[str, float]:
    """Seconds from ``began`` to the last line of each step in a worker's log. Pure."""
    found: dict[str, float] = {}
    for line in log:
        if not line.startswith("{"):
            continue
        said = json.loads(line)
        for step, beginnings in STEPS.items():
            if str(said.get("event")).startswith(beginnings):
                found[step] = datetime.fromisoformat(said["timestamp"]).timestamp() - began
    return found


def in_order(rounds: Sequence[Mapping[str, float]]) -> list[tuple[str, float, float]]:
    """(step, median of when it ended, that minus the step's before it), in order of time. Pure."""
    ends = {step: statistics.median(one[step] for one in rounds) for step in rounds[0]}
    ordered = sorted(ends.items(), key=lambda end: end[1])
    return [
        (step, end, end - before)
        for (_, before), (step, end) in pairwise([("start", 0.0), *ordered])
    ]


def help_seconds(times: int) -> float:
    """The median of so many ``creneau --help``, after one to warm up."""
    took = []
    for _ in range(times + 1):
        began = time.monotonic()
        subprocess.run([str(CRENEAU), "--help"], stdout=subprocess.DEVNULL, check=True)
        took.append(time.monotonic() - began)
    return statistics.median(took[1:])


def starts(rounds: int, folder: Path, delay_ms: int) -> list[dict[str, float]]:
    """The rounds on a Kafka of its own that waits so long for a group's other members."""
    where = folder / f"kafka-{delay_ms}"
    settings = {"group.initial.rebalance.delay.ms": str(delay_ms)}
    with EmbeddedKafka(where, jvm=STEADY, server_properties=settings) as embedded:
        kafka = KafkaSettings(embedded.bootstrap_servers, prefix=f"delay{delay_ms}-")
        apply(new_admin(kafka), kafka.names, partitions=PARTITIONS)
        promote_model(kafka, folder)
        found = []
        for number in range(rounds):
            found.append(measure(kafka, folder, number))
            print(
                f"round {number + 1}, group delay {delay_ms} ms: first commit after "
                f"{found[-1][COMMITTED]:.2f} s",
                flush=True,
            )
        return found


def results(by_delay: Mapping[int, Sequence[Mapping[str, float]]], helped: float) -> dict[str, Any]:
    """Medians, the steps of the first delay, and what the longer delay added. Pure."""
    commits = {
        delay: statistics.median(one[COMMITTED] for one in rounds)
        for delay, rounds in by_delay.items()
    }
    first, *_, last = commits.values()
    shortest = next(iter(by_delay.values()))
    return {
        "median": {
            "first_commit_seconds": round(first, 2),
            "group_delay_seconds": round(last - first, 2),
            "help_seconds": round(helped, 3),
        },
        "steps": [
            {"step": step, "at": round(at, 2), "took": round(took, 2)}
            for step, at, took in in_order(shortest)
        ],
        "rounds": {str(delay): [dict(one) for one in rounds] for delay, rounds in by_delay.items()},
    }


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    helped = help_seconds(options.rounds)
    with tempfile.TemporaryDirectory(prefix="creneau-bench-") as name:
        folder = Path(name)
        by_delay = {delay: starts(options.rounds, folder, delay) for delay in DELAYS_MS}
    found = results(by_delay, helped)
    median = found["median"]
    for one in found["steps"]:
        print(f"  {one['at']:6.2f} s  {one['step']} (+{one['took']:.2f})")
    print(
        f"start to first commit {median['first_commit_seconds']:.2f} s (target < 5, goal < 2); "
        f"Kafka's default group delay adds {median['group_delay_seconds']:.2f} s"
    )
    print(f"creneau --help {median['help_seconds']:.2f} s (target < 0.3)")
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
