"""What share of one core a steady 1,000 events/s costs: the worker's, and the broker's.

``python -m bench.thousand [--rate 1000] [--window 20] [--rounds 3] [--json FILE]``

Processor seconds over a window (``/proc/PID/stat``) in three states, one after the other on one
Kafka: nothing happens; a pretend slot app publishes and nobody scores; one worker process scores.
What scoring costs the broker is the difference of the last two. The reader of the answers is left
out: whoever reads them pays for it.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bench.backlog import PARTITIONS
from bench.commands import CRENEAU, process, settings_of
from bench.models import promote_model
from bench.proc import cores, cpu_now, total, wait_for_members
from broker.clients import new_admin
from broker.groups import committed
from broker.log import high_watermarks, partitions_of
from broker.settings import KafkaSettings
from broker.topics import apply
from producer_contract.testing.broker import STEADY
from producer_contract.testing.embedded import EmbeddedKafka

SETTLE_SECONDS: Final = 3.0
NEAR: Final = 2.0
"""The worker has caught up when it is less than so many seconds of events behind."""
WAIT_SECONDS: Final = 60.0

Shares = dict[str, float]
"""Cores kept busy, by process."""


def measure(embedded: EmbeddedKafka, folder: Path, number: int, options: Any) -> dict[str, Shares]:
    """The three states, each over ``options.window`` seconds."""
    kafka = KafkaSettings(embedded.bootstrap_servers, prefix=f"round{number}-")
    apply(new_admin(kafka), kafka.names, partitions=PARTITIONS)
    promote_model(kafka, folder)
    settings = settings_of(kafka, folder)
    broker = {"broker": embedded.brokers[0].pid}
    found = {"idle": _over(options.window, broker)}
    slot_app = [*CRENEAU, "sandbox", "slot-app", "--rate", str(options.rate)]
    with process(slot_app, settings, folder / "slot-app.log") as publishing:
        _wait_until_published(kafka, 1)
        pids = broker | {"slot app": publishing.pid}
        found["published"] = _over(options.window, pids)
        worker = [*CRENEAU, "worker", "--processes", "1", "--port", "0"]
        with process(worker, settings, folder / "worker.log") as pool:
            members = wait_for_members(pool.pid, 1)
            _wait_until_caught_up(kafka, options.rate)
            found["scored"] = _over(options.window, pids | members)
    return found


def _over(window: float, pids: Mapping[str, int]) -> Shares:
    time.sleep(SETTLE_SECONDS)
    before = cpu_now(pids)
    time.sleep(window)
    return cores(before, cpu_now(pids))


def _ends(kafka: KafkaSettings) -> dict[int, int]:
    admin, topic = new_admin(kafka), kafka.names.slot_created
    return high_watermarks(admin, topic, partitions_of(admin, topic))


def _wait_until_published(kafka: KafkaSettings, events: int) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while sum(_ends(kafka).values()) < events:
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing was published within {WAIT_SECONDS:.0f} s")
        time.sleep(0.1)


def _wait_until_caught_up(kafka: KafkaSettings, rate: float) -> None:
    admin, topic = new_admin(kafka), kafka.names.slot_created
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        ends = _ends(kafka)
        answers = committed(admin, kafka.names.worker_group, topic, ends)
        behind = sum(ends.values()) - sum(answer.offset or 0 for answer in answers.values())
        if behind < NEAR * rate:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"the worker is {behind} events behind after {WAIT_SECONDS:.0f} s")
        time.sleep(0.2)


def results(rounds: Sequence[Mapping[str, Shares]]) -> dict[str, Any]:
    """The rounds, and medians of what counts, in cores (1.0 is one whole core). Pure."""
    worker = [total(one["scored"], ("pool", "worker 1")) for one in rounds]
    scoring = [one["scored"]["broker"] - one["published"]["broker"] for one in rounds]
    publishing = [one["published"]["broker"] - one["idle"]["broker"] for one in rounds]
    median = {
        "worker": statistics.median(worker),
        "broker_for_scoring": statistics.median(scoring),
        "broker_for_publishing": statistics.median(publishing),
        "broker_idle": statistics.median(one["idle"]["broker"] for one in rounds),
        "worker_and_broker": statistics.median(
            ours + theirs for ours, theirs in zip(worker, scoring, strict=True)
        ),
    }
    return {
        "rounds": [dict(one) for one in rounds],
        "median": {name: round(share, 4) for name, share in median.items()},
    }


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rate", type=float, default=1_000, help="events per second")
    parser.add_argument("--window", type=float, default=20.0, help="seconds of each state")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="creneau-bench-") as name:
        folder = Path(name)
        with EmbeddedKafka(folder / "kafka", jvm=STEADY) as embedded:
            rounds = [
                measure(embedded, folder, number, options) for number in range(options.rounds)
            ]
    found = {"rate": options.rate, "window": options.window} | results(rounds)
    print(f"shares of one core at {options.rate:,.0f} events/s, median of {options.rounds}:")
    for what, share in found["median"].items():
        print(f"  {what.replace('_', ' '):22} {share:6.1%}")
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
