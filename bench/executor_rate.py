"""The rate of one executor beside the rate of one worker, on the same events, in the same run.

``python -m bench.executor_rate [--slots 1000000] [--rounds 5] [--json FILE]``

Each round has topics of its own: half of the slots are scored under a sound model, half under a
corrupted one that is then revoked and replayed by the operator's own command, with no live traffic
(``bench.replay`` measures it beside live traffic). An executor needs a worker's scores, so that
neither can go first: the worker's rate is the mean of two of its own, on the half just before the
replay and on as many slots more just after it. The executor's is taken from its first chunk's
commit to its last's. The ratio of a round is executor / worker; the medians count.
"""

import argparse
import json
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.backlog import publish, rate_of, slot_events
from bench.replay import arena, worker
from producer_contract.testing.broker import STEADY
from producer_contract.testing.embedded import EmbeddedKafka


def measure(bootstrap: str, folder: Path, slots: int) -> tuple[float, float]:
    """One round: the executor's events per second, and the worker's."""
    with arena(bootstrap, folder, slots, 1) as place:
        executor = place.next_incident().executor_rate
    publish(place.kafka, slot_events(slots // 2, f"{slots}-after"))
    with worker(place.kafka, folder):
        after = rate_of(place.kafka, place.kafka.names.worker_group)
    return executor, statistics.mean([place.worker_rates[-1], after])


def run(slots: int, rounds: int, folder: Path) -> dict[str, Any]:
    """All rounds, each on a Kafka of its own: their topics have the same names."""
    found = []
    for number in range(rounds):
        place = folder / f"round-{number}"
        with EmbeddedKafka(place / "kafka", jvm=STEADY) as embedded:
            found.append(measure(embedded.bootstrap_servers, place, slots))
        executors, workers = found[-1]
        print(
            f"round {number + 1}: executor {executors:,.0f}/s, worker {workers:,.0f}/s, "
            f"ratio {executors / workers:.2f}",
            flush=True,
        )
    return {"slots": slots, "rounds": rounds} | results(found)


def results(found: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """Each round's figures and the medians. Pure."""
    ratios = [executor / worker for executor, worker in found]
    return {
        "executor_per_second": [round(executor) for executor, _ in found],
        "worker_per_second": [round(worker) for _, worker in found],
        "ratios": [round(ratio, 3) for ratio in ratios],
        "median": {
            "executor_per_second": round(statistics.median(executor for executor, _ in found)),
            "worker_per_second": round(statistics.median(worker for _, worker in found)),
            "ratio": round(statistics.median(ratios), 3),
        },
    }


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--slots", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="creneau-bench-") as folder:
        result = run(chosen.slots, chosen.rounds, Path(folder))
    median = result["median"]
    print(
        f"median of {chosen.rounds}: executor {median['executor_per_second']:,}/s, "
        f"worker {median['worker_per_second']:,}/s, ratio {median['ratio']}"
    )
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
