"""How fast one process turns messages into what is produced, without Kafka.

``python -m bench.scoring [--rounds 7] [--json FILE]``

Real slots of the synthetic market and a model trained on it, for batches of 1 to 10,000 messages:
the whole of ``consumer.outcomes``, and each step of it by itself. All of it runs in one thread, so
seconds are the processor's, which a busy machine lengthens less; the fastest of the rounds counts.
The largest batch is also measured before ``broker.garbage`` has made collections rare, as a worker
does.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from confluent_kafka import Message

from broker.garbage import collect_rarely
from consumer.outcomes import Provenance, outcomes
from creneau.sandbox.market import make_market
from creneau.sandbox.market_csv import write_market
from creneau.sandbox.slot_stream import offered
from model.artifact import engine_of
from model.engine import Engine
from model.features import features_of
from model.scoring import score_batch
from model.slots import decode_slots
from model.workshop import make_model
from producer_contract.codec import encode_slot_created
from producer_contract.encoding import ProbabilityEncoder

LESSONS = 50_000
EVENTS = 20_000
BATCHES = (1, 10, 100, 1_000, 4_000, 10_000)
"""The last one is as many as a worker takes at most."""
MOST_PARTS = 200
"""Batches of one round."""
PARTITIONS = 8
PROVENANCE = Provenance("slot-created", 1, "bench", datetime.now(UTC), "bench")

Rates = dict[str, float]
"""Events per second, by step."""


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    engine, events = trained_engine(), messages()
    often = rates_of(engine, in_parts(events, BATCHES[-1]), options.rounds)["whole"]
    collect_rarely()
    found: dict[str, Any] = {}
    for batch in BATCHES:
        rates = rates_of(engine, in_parts(events, batch), options.rounds)
        found |= {f"{step}_batch_{batch}": rate for step, rate in rates.items()}
        said = ", ".join(f"{step} {1e6 / rate:.2f}" for step, rate in rates.items())
        print(f"µs an event, batches of {batch:>5,}: {said}", flush=True)
    print(f"whole, with Python's own garbage collection: {1e6 / often:.2f}")
    found["whole_with_pythons_collection"] = often
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


def trained_engine() -> Engine:
    """The engine that ``creneau model train`` makes."""
    with tempfile.TemporaryDirectory() as folder:
        write_market(Path(folder), lessons=LESSONS, seed=1)
        return engine_of(make_model(Path(folder), Path(folder) / "out").path.read_bytes(), "bench")


def messages() -> list[Message]:
    """As the slot app publishes them, over the partitions in turns."""
    slots = offered(make_market(1), 1, "bench", clock=lambda: datetime.now(UTC), block=2_000)
    events = [slot.event for slot in islice(slots, EVENTS)]
    return [
        Message(
            topic=PROVENANCE.topic,
            partition=number % PARTITIONS,
            offset=number // PARTITIONS,
            key=event.slot_id.encode(),
            value=encode_slot_created(event),
        )
        for number, event in enumerate(events)
    ]


def in_parts(events: Sequence[Message], batch: int) -> list[Sequence[Message]]:
    """Batches of one size, all of the events or ``MOST_PARTS`` of them."""
    some = events[: batch * MOST_PARTS]
    return [some[start : start + batch] for start in range(0, len(some), batch)]


def rates_of(engine: Engine, parts: Sequence[Sequence[Message]], rounds: int) -> Rates:
    """Of ``outcomes``, and of its steps, each given what the one before it made."""
    keys = [[message.key() for message in part] for part in parts]
    values = [[message.value() for message in part] for part in parts]
    decoded = [decode_slots(*part) for part in zip(keys, values, strict=True)]
    matrices = [features_of(slots.columns) for slots in decoded]
    scores = [score_batch(engine, *part) for part in zip(keys, values, strict=True)]
    places = [[(m.partition(), m.offset()) for m in part] for part in parts]
    events = sum(map(len, parts))

    def whole() -> None:
        for part in parts:
            outcomes(engine, part, PROVENANCE)

    def decode() -> None:
        for part in zip(keys, values, strict=True):
            decode_slots(*part)

    def features() -> None:
        for slots in decoded:
            features_of(slots.columns)

    def predict() -> None:
        for matrix in matrices:
            engine.probabilities(matrix)

    def encode() -> None:
        for one, where in zip(scores, places, strict=True):
            encoder = ProbabilityEncoder(
                model_version=PROVENANCE.model_version,
                epoch=PROVENANCE.epoch,
                scored_at=PROVENANCE.scored_at,
                replay_id=None,
            )
            partitions, offsets = zip(*where, strict=True)
            encoder.values(one.slot_ids, one.probabilities, one.starts, partitions, offsets)

    steps = {
        "whole": whole,
        "decode": decode,
        "features": features,
        "engine": predict,
        "encode": encode,
    }
    return {name: events / fastest_seconds(step, rounds) for name, step in steps.items()}


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
