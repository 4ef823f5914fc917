"""The rate of one worker process beside a bare consume → produce → commit loop, in the same run.

``python bench/worker_rate.py [--events 300000] [--rounds 5] [--json FILE]``

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
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from bench.models import promote_model
from broker.clients import new_admin, new_consumer, new_producer
from broker.groups import committed
from broker.log import high_watermarks, partitions_of
from broker.settings import KafkaSettings
from broker.topics import apply
from creneau.sandbox.market import make_market
from creneau.sandbox.slot_stream import offered
from producer_contract.codec import encode_slot_created
from producer_contract.testing.broker import STEADY
from producer_contract.testing.embedded import EmbeddedKafka

BATCH = 4_000
"""Events per transaction of the bare loop: as many as the worker takes at most."""
FIRST, LAST = 0.1, 0.9
"""The shares of the backlog between which the rate is taken."""
DEADLINE = 300.0
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


def publish_backlog(kafka: KafkaSettings, events: list[tuple[str, bytes]]) -> None:
    """The same events into a fresh slot-created topic."""
    producer = new_producer(kafka, queue_buffering_max_kbytes=1_000_000)
    for slot_id, value in events:
        while True:
            try:
                producer.produce(kafka.names.slot_created, value, slot_id)
                break
            except BufferError:
                producer.poll(0.1)
    producer.flush(60)


def make_events(count: int) -> list[tuple[str, bytes]]:
    """Realistic events: key and value."""
    slots = offered(make_market(1), 1, "bench", clock=lambda: datetime.now(UTC), block=2_000)
    return [(s.event.slot_id, encode_slot_created(s.event)) for s in islice(slots, count)]


def rate_of(kafka: KafkaSettings, group: str) -> float:
    """Events per second between ``FIRST`` and ``LAST`` of the backlog, watched until it is done."""
    admin = new_admin(kafka)
    topic = kafka.names.slot_created
    partitions = partitions_of(admin, topic)
    total = sum(high_watermarks(admin, topic, partitions).values())
    marks: dict[float, tuple[float, int]] = {}
    deadline = time.monotonic() + DEADLINE
    while True:
        offsets = committed(admin, group, topic, partitions).values()
        now, done = time.monotonic(), sum(each.offset or 0 for each in offsets)
        for share in (FIRST, LAST):
            if done >= share * total:
                marks.setdefault(share, (now, done))
        if done >= total:
            (start, before), (end, after) = marks[FIRST], marks[LAST]
            return (after - before) / (end - start) if after > before else float("nan")
        if now > deadline:
            raise TimeoutError(f"{group}: {done} of {total} events after {DEADLINE:.0f} s")
        time.sleep(0.05)


@contextmanager
def process(command: list[str], environment: dict[str, str], log: Path) -> Iterator[None]:
    """A process while this lasts."""
    with log.open("ab") as output:
        running = subprocess.Popen(
            command, env=os.environ | environment, stdout=output, stderr=output
        )
        try:
            yield
        finally:
            running.terminate()
            try:
                running.wait(30)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


def measure(kafka: KafkaSettings, what: str, folder: Path) -> float:
    """The rate of ``worker`` or ``bare`` on the backlog of ``kafka.prefix``."""
    environment = {
        "CRENEAU_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "CRENEAU_PREFIX": kafka.prefix,
        "CRENEAU_VAR": str(folder),
    }
    main = "from creneau.cli.main import main; main()"
    command, group = {
        "worker": (
            [sys.executable, "-c", main, "worker", "--processes", "1", "--port", "0"],
            kafka.names.worker_group,
        ),
        "bare": ([sys.executable, "-m", "bench.worker_rate", "--bare"], kafka.prefix + BARE_GROUP),
    }[what]
    with process(command, environment, folder / f"{what}.log"):
        return rate_of(kafka, group)


def run(events: int, rounds: int, folder: Path) -> dict[str, Any]:
    """All rounds; the rates by kind, the ratios, and their medians."""
    backlog = make_events(events)
    rates: dict[str, list[float]] = {"worker": [], "bare": []}
    with EmbeddedKafka(folder / "kafka", jvm=STEADY) as embedded:
        for number in range(rounds):
            kafka = KafkaSettings(embedded.bootstrap_servers, prefix=f"round{number}-")
            admin = new_admin(kafka)
            apply(admin, kafka.names, partitions=8)
            create_bare_topic(admin, kafka)
            promote_model(kafka, folder)
            publish_backlog(kafka, backlog)
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
    admin.create_topics([NewTopic(topic, num_partitions=8)])[topic].result()


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
