"""The rate of one worker process beside a bare consume → produce → commit loop, in the same run.

``python -m bench.worker_rate [--events 1000000] [--rounds 5] [--json FILE]``

The bare loop does one thing after the other and waits for each commit, so that the size of its
batches counts. It is tried with each of ``BATCHES`` on a backlog of its own; the fastest one is
what the worker is held against.

Each round gets topics and a backlog of its own on one embedded Kafka; the worker and the bare loop
go over the same backlog, taking turns at going first. Both are processes of their own and measured
from outside in the same way: by the offsets that their group has committed, from the moment a tenth
of the backlog is done until nine tenths are. The ratio of a round is worker / bare; the medians are
what counts.
"""

import argparse
import json
import math
import os
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from bench.backlog import PARTITIONS, publish, rate_of, slot_events
from bench.commands import CRENEAU, process, settings_of
from bench.models import promote_model
from broker.clients import new_admin, new_consumer, new_producer
from broker.settings import KafkaSettings
from broker.topics import apply
from producer_contract.testing.broker import STEADY
from producer_contract.testing.embedded import EmbeddedKafka

BATCHES = (4_000, 10_000, 20_000)
"""Events per transaction of the bare loop; a worker takes 10,000 at most."""
BARE_GROUP = "bench-bare"
BARE_TOPIC = "bench-bare"

Rates = Mapping[int, float]
"""Events per second by the size of a batch."""


def bare_loop(kafka: KafkaSettings, batch: int) -> None:
    """Consume, produce the same bytes, commit: nothing less would still be exactly once."""
    consumer = new_consumer(kafka, group_id=kafka.prefix + BARE_GROUP, auto_offset_reset="earliest")
    producer = new_producer(kafka, transactional_id=kafka.prefix + BARE_GROUP)
    producer.init_transactions(30)
    consumer.subscribe([kafka.names.slot_created])
    out = kafka.prefix + BARE_TOPIC
    while True:
        messages = consumer.consume(batch, timeout=0.1)
        if not messages:
            continue
        ends: dict[int, int] = {}
        producer.begin_transaction()
        for message in messages:
            partition, offset = message.partition() or 0, message.offset() or 0
            producer.produce(out, message.value(), message.key(), partition)
            ends[partition] = offset + 1
        offsets = [TopicPartition(kafka.names.slot_created, p, end) for p, end in ends.items()]
        producer.send_offsets_to_transaction(offsets, consumer.consumer_group_metadata(), 30)
        producer.commit_transaction(30)


def measure(kafka: KafkaSettings, what: str, folder: Path, *, batch: int = BATCHES[0]) -> float:
    """The rate of ``worker`` or ``bare`` on the backlog of ``kafka.prefix``; ``batch``: the bare
    loop's.

    Raises:
        RuntimeError: too few events: the backlog was done between two looks.
    """
    bare = [sys.executable, "-m", "bench.worker_rate", "--bare", "--bare-batch", str(batch)]
    command, group = {
        "worker": (
            [*CRENEAU, "worker", "--processes", "1", "--port", "0"],
            kafka.names.worker_group,
        ),
        "bare": (bare, kafka.prefix + BARE_GROUP),
    }[what]
    with process(command, settings_of(kafka, folder), folder / f"{what}.log"):
        rate = rate_of(kafka, group)
    if math.isnan(rate):
        raise RuntimeError("the backlog was done between two looks at it: give more --events")
    return rate


def try_batches(bootstrap: str, backlog: Sequence[tuple[str, bytes]], folder: Path) -> Rates:
    """The bare loop's rate with each of ``BATCHES``."""
    found = {}
    # The first once more: at its first time the broker has just been started.
    for number, batch in enumerate((BATCHES[0], *BATCHES)):
        kafka = KafkaSettings(bootstrap, prefix=f"bare{number}-")
        admin = new_admin(kafka)
        apply(admin, kafka.names, partitions=PARTITIONS)
        create_bare_topic(admin, kafka)
        publish(kafka, backlog)
        found[batch] = measure(kafka, "bare", folder, batch=batch)
        print(f"bare loop, batches of {batch:,}: {found[batch]:,.0f}/s", flush=True)
    return found


def run(events: int, rounds: int, folder: Path) -> dict[str, Any]:
    """The bare loop's batches, then all rounds."""
    backlog = list(slot_events(events, "bench"))
    rates: dict[str, list[float]] = {"worker": [], "bare": []}
    with EmbeddedKafka(folder / "kafka", jvm=STEADY) as embedded:
        by_batch = try_batches(embedded.bootstrap_servers, backlog, folder)
        batch = fastest(by_batch)
        for number in range(rounds):
            kafka = KafkaSettings(embedded.bootstrap_servers, prefix=f"round{number}-")
            admin = new_admin(kafka)
            apply(admin, kafka.names, partitions=PARTITIONS)
            create_bare_topic(admin, kafka)
            promote_model(kafka, folder)
            publish(kafka, backlog)
            for what in ("worker", "bare") if number % 2 == 0 else ("bare", "worker"):
                rates[what].append(measure(kafka, what, folder, batch=batch))
            print(
                f"round {number + 1}: worker {rates['worker'][-1]:,.0f}/s, "
                f"bare {rates['bare'][-1]:,.0f}/s, "
                f"ratio {rates['worker'][-1] / rates['bare'][-1]:.2f}",
                flush=True,
            )
    return {"events": events, "rounds": rounds} | results(by_batch, rates)


def fastest(by_batch: Rates) -> int:
    """The batch with the highest rate. Pure."""
    return max(by_batch, key=lambda batch: by_batch[batch])


def results(by_batch: Rates, rates: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """The rates by kind, the ratios, their medians, and the bare loop's by batch. Pure."""
    ratios = [worker / bare for worker, bare in zip(rates["worker"], rates["bare"], strict=True)]
    return {
        "bare_batch": fastest(by_batch),
        "bare_per_second_by_batch": {str(batch): round(rate) for batch, rate in by_batch.items()},
        **{f"{what}_per_second": [round(rate) for rate in found] for what, found in rates.items()},
        "ratios": [round(ratio, 3) for ratio in ratios],
        "median": {
            "worker_per_second": round(statistics.median(rates["worker"])),
            "bare_per_second": round(statistics.median(rates["bare"])),
            "ratio": round(statistics.median(ratios), 3),
        },
    }


def create_bare_topic(admin: AdminClient, kafka: KafkaSettings) -> None:
    """Where the bare loop writes: as many partitions as the source."""
    topic = kafka.prefix + BARE_TOPIC
    admin.create_topics([NewTopic(topic, num_partitions=PARTITIONS)])[topic].result()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--json", type=Path)
    options.add_argument("--bare", action="store_true", help=argparse.SUPPRESS)
    options.add_argument("--bare-batch", type=int, default=BATCHES[0], help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.bare:
        bare_loop(
            KafkaSettings(os.environ["CRENEAU_BOOTSTRAP_SERVERS"], os.environ["CRENEAU_PREFIX"]),
            chosen.bare_batch,
        )
        return
    with tempfile.TemporaryDirectory(prefix="creneau-bench-") as folder:
        result = run(chosen.events, chosen.rounds, Path(folder))
    median = result["median"]
    print(
        f"median of {chosen.rounds}: worker {median['worker_per_second']:,}/s, "
        f"bare {median['bare_per_second']:,}/s (batches of {result['bare_batch']:,}), "
        f"ratio {median['ratio']}"
    )
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
