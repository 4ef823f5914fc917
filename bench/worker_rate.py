"""The rate of one worker process beside a bare consume → produce → commit loop, in the same run.

``python -m bench.worker_rate [--events 300000] [--rounds 5] [--json FILE]``

Each round gets topics and a backlog of its own on one embedded Kafka; the worker and the bare loop
go over the same backlog, taking turns at going first. Both are processes of their own and measured
from outside in the same way: by the offsets that their group has committed, from the moment a tenth
of the backlog is done until nine tenths are. The ratio of a round is worker / bare; the medians are
what counts.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
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

BATCH = 4_000
"""Events per transaction of the bare loop: as many as the worker takes at most."""
BARE_GROUP = "bench-bare"
BARE_TOPIC = "bench-bare"


def bare_loop(kafka: KafkaSettings) -> None:
    """Consume, produce the same bytes, commit: nothing less would still be exactly once."""
    consumer = new_consumer(kafka, group_id=kafka.prefix + BARE_GROUP, auto_offset_reset="earliest")
    producer = new_producer(kafka, transactional_id=kafka.prefix + BARE_GROUP)
    producer.init_transactions(30)
    consumer.subscribe([kafka.names.slot_created])
    out = kafka.prefix + BARE_TOPIC
    while True:
        messages = consumer.consume(BATCH, timeout=0.1)
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


def measure(kafka: KafkaSettings, what: str, folder: Path) -> float:
    """The rate of ``worker`` or ``bare`` on the backlog of ``kafka.prefix``."""
    command, group = {
        "worker": (
            [*CRENEAU, "worker", "--processes", "1", "--port", "0"],
            kafka.names.worker_group,
        ),
        "bare": ([sys.executable, "-m", "bench.worker_rate", "--bare"], kafka.prefix + BARE_GROUP),
    }[what]
    with process(command, settings_of(kafka, folder), folder / f"{what}.log"):
        return rate_of(kafka, group)


def run(events: int, rounds: int, folder: Path) -> dict[str, Any]:
    """All rounds; the rates by kind, the ratios, and their medians."""
    backlog = list(slot_events(events, "bench"))
    rates: dict[str, list[float]] = {"worker": [], "bare": []}
    with EmbeddedKafka(folder / "kafka", jvm=STEADY) as embedded:
        for number in range(rounds):
            kafka = KafkaSettings(embedded.bootstrap_servers, prefix=f"round{number}-")
            admin = new_admin(kafka)
            apply(admin, kafka.names, partitions=PARTITIONS)
            create_bare_topic(admin, kafka)
            promote_model(kafka, folder)
            publish(kafka, backlog)
            for what in ("worker", "bare") if number % 2 == 0 else ("bare", "worker"):
                rates[what].append(measure(kafka, what, folder))
            print(
                f"round {number + 1}: worker {rates['worker'][-1]:,.0f}/s, "
                f"bare {rates['bare'][-1]:,.0f}/s, "
                f"ratio {rates['worker'][-1] / rates['bare'][-1]:.2f}",
                flush=True,
            )
    ratios = [worker / bare for worker, bare in zip(rates["worker"], rates["bare"], strict=True)]
    return {
        "events": events,
        "rounds": rounds,
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
    options.add_argument("--events", type=int, default=300_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--json", type=Path)
    options.add_argument("--bare", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.bare:
        bare_loop(
            KafkaSettings(os.environ["CRENEAU_BOOTSTRAP_SERVERS"], os.environ["CRENEAU_PREFIX"])
        )
        return
    with tempfile.TemporaryDirectory(prefix="creneau-bench-") as folder:
        result = run(chosen.events, chosen.rounds, Path(folder))
    median = result["median"]
    print(
        f"median of {chosen.rounds}: worker {median['worker_per_second']:,}/s, "
        f"bare {median['bare_per_second']:,}/s, ratio {median['ratio']}"
    )
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
