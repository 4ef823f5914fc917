"""How long the embedded Kafka takes to be ready: ``python -m bench.embedded [--rounds 3]``."""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

from producer_contract.testing.embedded import EmbeddedKafka


def main() -> None:
    """Start one broker, and three, some times over; print the seconds until they answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    seconds: dict[str, list[float]] = {}
    for brokers in (1, 3):
        took = [seconds_to_ready(brokers) for _ in range(options.rounds)]
        median, worst = statistics.median(took), max(took)
        print(f"embedded Kafka, {brokers} broker(s): ready in {median:.1f} s (worst {worst:.1f})")
        seconds[f"{brokers} broker(s), seconds"] = took
    if options.json is not None:
        medians = {brokers: round(statistics.median(took), 2) for brokers, took in seconds.items()}
        found = {"median": medians, "seconds": seconds}
        options.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


def seconds_to_ready(brokers: int) -> float:
    """From nothing to a cluster that answers."""
    with tempfile.TemporaryDirectory(prefix="creneau-bench-") as folder:
        kafka = EmbeddedKafka(Path(folder), brokers=brokers)
        began = time.monotonic()
        with kafka:
            return time.monotonic() - began


if __name__ == "__main__":
    main()
