"""How fast one process turns bytes into probabilities, without Kafka.

``python -m bench.scoring [--rounds 7] [--json FILE]``

Real slots of the synthetic market and a model trained on it, for batches of 1 to 2,000 messages,
whole and by step. All of it runs in one thread, so seconds are the
processor's, which a busy machine lengthens less; the fastest of the rounds counts.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from creneau.sandbox.market import make_market
from creneau.sandbox.market_csv import write_market
from creneau.sandbox.slot_stream import offered
from model.artifact import engine_of
from model.engine import Engine
from model.features import feature_matrix
from model.scoring import score
from model.workshop import make_model
from producer_contract.codec import decode_slot_created, encode_slot_created

LESSONS = 50_000
EVENTS = 20_000
BATCHES = (1, 10, 100, 1_000, 2_000)

Rates = dict[str, float]


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    engine = trained_engine()
    values = messages()
    rates: Rates = {}
    for batch in BATCHES:
        rates |= scoring_rates(engine, values, batch, options.rounds)
    for name, rate in rates.items():
        print(f"{name:32} {rate:12,.0f}")
    if options.json is not None:
        options.json.write_text(json.dumps(rates, indent=1) + "\n", "utf-8")


def trained_engine() -> Engine:
    """The engine that ``creneau model train`` makes."""
    with tempfile.TemporaryDirectory() as folder:
        write_market(Path(folder), lessons=LESSONS, seed=1)
        return engine_of(make_model(Path(folder), Path(folder) / "out").path.read_bytes(), "bench")


def messages() -> list[tuple[bytes, bytes]]:
    """Keys and values as the slot app publishes them."""
    slots = offered(make_market(1), 1, "bench", clock=lambda: datetime.now(UTC), block=2_000)
    events = [slot.event for slot in islice(slots, EVENTS)]
    return [(event.slot_id.encode(), encode_slot_created(event)) for event in events]


def scoring_rates(
    engine: Engine, all_messages: list[tuple[bytes, bytes]], batch: int, rounds: int
) -> Rates:
    """Events per second for one size of batch, a batch at a time."""
    some = all_messages[: min(len(all_messages), batch * 200)]
    parts = [some[start : start + batch] for start in range(0, len(some), batch)]
    events = [[decode_slot_created(value, key) for key, value in part] for part in parts]
    matrices = [feature_matrix(part) for part in events]

    def whole() -> None:
        for part in parts:
            score(engine, [key for key, _ in part], [value for _, value in part])

    def decode() -> None:
        for part in parts:
            for key, value in part:
                decode_slot_created(value, key)

    def features() -> None:
        for part in events:
            feature_matrix(part)

    def predict() -> None:
        for matrix in matrices:
            engine.probabilities(matrix)

    steps = {"score": whole, "decode": decode, "features": features, "engine": predict}
    return {
        f"{name}_batch_{batch}": len(some) / fastest_seconds(step, rounds)
        for name, step in steps.items()
    }


def fastest_seconds(step: Callable[[], object], rounds: int) -> float:
    """The shortest processor time of a step, after one round to warm up."""
    step()
    seconds = []
    for _ in range(rounds):
        start = time.process_time()
        step()
        seconds.append(time.process_time() - start)
    return min(seconds)


if __name__ == "__main__":
    main()
