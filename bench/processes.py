"""One, two and three worker processes on the same backlog, and who has the cores meanwhile.

``python -m bench.processes [--events 2000000] [--processes 1 2 3] [--rounds 5] [--json FILE]``

Each round gets a backlog of its own for each number of processes, on one embedded Kafka; every
second round goes the other way round. The backlog is large: while the processes join one after the
other, the group stands still again and again. The rate is taken from outside, between a tenth and
nine tenths of the backlog (``bench.backlog``), and the processor time of the broker and of each
worker over the same span (``/proc/PID/stat``): where they keep all cores busy, another process can
only take time from the broker. The ratio of a round is to its own first number of processes.
"""

import argparse
import json
import os
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.backlog import PARTITIONS, rate_of
from bench.commands import CRENEAU, process, settings_of
from bench.fill import fill
from bench.models import promote_model
from bench.proc import Cpu, cores, cpu_now, pool_members
from broker.clients import new_admin
from broker.settings import KafkaSettings
from broker.topics import apply
from producer_contract.testing.broker import STEADY
from producer_contract.testing.embedded import EmbeddedKafka


@dataclass(frozen=True, slots=True)
class Measured:
    """``rate`` in events per second; ``shares``: cores kept busy, by process."""

    rate: float
    shares: Mapping[str, float]


def measure(kafka: KafkaSettings, broker: int, processes: int, folder: Path) -> Measured:
    """The rate of so many processes on the backlog of ``kafka``; ``broker`` is its pid."""
    command = [*CRENEAU, "worker", "--processes", str(processes), "--port", "0"]
    log = folder / f"{kafka.prefix}worker.log"
    marks: list[Cpu] = []
    with process(command, settings_of(kafka, folder), log) as pool:

        def mark() -> None:
            marks.append(cpu_now({"broker": broker} | pool_members(pool.pid)))

        rate = rate_of(kafka, kafka.names.worker_group, at_mark=mark)
    return Measured(rate, cores(marks[0], marks[-1]))


def run(counts: Sequence[int], events: int, rounds: int, folder: Path) -> dict[str, Any]:
    """All rounds, on one Kafka."""
    found: dict[int, list[Measured]] = {count: [] for count in counts}
    with EmbeddedKafka(folder / "kafka", jvm=STEADY) as embedded:
        for number in range(rounds):
            for count in counts if number % 2 == 0 else reversed(counts):
                kafka = KafkaSettings(embedded.bootstrap_servers, prefix=f"round{number}of{count}-")
                apply(new_admin(kafka), kafka.names, partitions=PARTITIONS)
                promote_model(kafka, folder)
                fill(kafka, folder, events, processes=2)
                one = measure(kafka, embedded.brokers[0].pid, count, folder)
                found[count].append(one)
                print(f"round {number + 1}, {count} processes: {one.rate:,.0f}/s", flush=True)
    return {"events": events, "rounds": rounds, "cores": os.cpu_count()} | results(found)


def results(found: Mapping[int, Sequence[Measured]]) -> dict[str, Any]:
    """Medians by number of processes, and the ratio to the first of them. Pure."""
    first = next(iter(found.values()))
    return {
        "median": {
            str(count): {
                "per_second": round(statistics.median(one.rate for one in rounds)),
                "cores": {
                    name: round(statistics.median(one.shares.get(name, 0.0) for one in rounds), 3)
                    for name in rounds[0].shares
                },
            }
            for count, rounds in found.items()
        },
        "ratio": {
            str(count): round(
                statistics.median(
                    one.rate / alone.rate for one, alone in zip(rounds, first, strict=True)
                ),
                3,
            )
            for count, rounds in found.items()
        },
        "per_second": {
            str(count): [round(one.rate) for one in rounds] for count, rounds in found.items()
        },
    }


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="creneau-bench-") as folder:
        found = run(options.processes, options.events, options.rounds, Path(folder))
    print(f"median of {options.rounds}, {found['cores']} cores:")
    for count, median in found["median"].items():
        shares = ", ".join(f"{name} {share:.2f}" for name, share in median["cores"].items())
        rate, ratio = median["per_second"], found["ratio"][count]
        print(f"  {count} processes: {rate:>9,}/s, ratio {ratio:.2f}; cores: {shares}")
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
