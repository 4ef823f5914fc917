"""Latency at a steady 1,000 events/s: the live worker beside a bare loop, in the same run.

``python -m bench.latency [--rate 1000] [--window 20] [--rounds 5] [--json FILE]``

From ``created_at`` until a plain read_committed reader has the answer (``bench.live``). The worker
and the bare loop take turns at going first; each gets topics of its own, the same pretend slot app
and the same reader. The bare loop does what nothing that is exactly once can leave out: it takes
what is there, at once, writes an answer of the usual size for each event without having looked at
it, and commits both together. The ratio of a round is worker / bare; the medians count.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from confluent_kafka import TopicPartition

from bench.backlog import PARTITIONS
from bench.commands import CRENEAU, process, settings_of
from bench.live import Latency, LiveReader
from bench.models import promote_model
from broker.clients import new_admin, new_consumer, new_producer
from broker.settings import KafkaSettings
from broker.topics import apply
from producer_contract.testing.broker import STEADY
from producer_contract.testing.embedded import EmbeddedKafka
from replay.fence import members

BATCH: Final = 10_000
"""Events per transaction of the bare loop: as many as the worker takes at most."""
SETTLE_SECONDS: Final = 5.0
"""After the first answer, before the measuring: what came while the process started is done."""
JOIN_SECONDS: Final = 60.0
FILLING: Final = "x" * 230
"""Makes an answer as long as a real one."""
SHARES: Final = ("p50", "p90", "p99")


def bare_loop(kafka: KafkaSettings) -> None:
    """Consume, produce, commit, as soon as there is anything."""
    # In topics of its own it may have the worker's place.
    consumer = new_consumer(kafka, group_id=kafka.names.worker_group, auto_offset_reset="earliest")
    producer = new_producer(kafka, transactional_id=f"{kafka.prefix}bench-bare")
    producer.init_transactions(30)
    consumer.subscribe([kafka.names.slot_created])
    out = kafka.names.slot_probability
    while True:
        first = consumer.poll(0.1)
        if first is None:
            continue
        # consume() alone would wait for a full batch.
        messages = [first, *consumer.consume(BATCH - 1, timeout=0)]
        ends: dict[int, int] = {}
        producer.begin_transaction()
        for message in messages:
            partition, offset = message.partition() or 0, message.offset() or 0
            producer.produce(out, _answer(partition, offset), message.key(), partition)
            ends[partition] = offset + 1
        offsets = [TopicPartition(kafka.names.slot_created, p, end) for p, end in ends.items()]
        producer.send_offsets_to_transaction(offsets, consumer.consumer_group_metadata(), 30)
        producer.commit_transaction(30)


def _answer(partition: int, offset: int) -> bytes:
    """What the reader needs to know which event it answers."""
    return (
        f'{{"source_partition":{partition},"source_offset":{offset},"replay_id":null,'
        f'"filling":"{FILLING}"}}'
    ).encode()


def measure(
    kafka: KafkaSettings, what: str, folder: Path, *, rate: float, window: float
) -> Latency:
    """Latency of ``worker`` or ``bare`` over ``window`` seconds."""
    apply(new_admin(kafka), kafka.names, partitions=PARTITIONS)
    promote_model(kafka, folder)
    command = {
        "worker": [*CRENEAU, "worker", "--processes", "1", "--port", "0"],
        "bare": [sys.executable, "-m", "bench.latency", "--bare"],
    }[what]
    slot_app = [*CRENEAU, "sandbox", "slot-app", "--rate", str(rate)]
    settings = settings_of(kafka, folder)
    with (
        LiveReader(kafka) as reader,
        process(command, settings, folder / f"{what}.log"),
    ):
        _wait_until_joined(kafka)
        with process(slot_app, settings, folder / "slot-app.log"):
            reader.wait_for_traffic()
            time.sleep(SETTLE_SECONDS)
            began = time.time()
            time.sleep(window)
            return reader.latency(began, time.time())


def _wait_until_joined(kafka: KafkaSettings) -> None:
    admin = new_admin(kafka)
    deadline = time.monotonic() + JOIN_SECONDS
    while not any(members(kafka, admin).values()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"nobody has joined the group within {JOIN_SECONDS:.0f} s")
        time.sleep(0.1)


def run(rounds: int, folder: Path, *, rate: float, window: float) -> dict[str, Any]:
    """All rounds, on one Kafka."""
    found: dict[str, list[Latency]] = {"worker": [], "bare": []}
    with EmbeddedKafka(folder / "kafka", jvm=STEADY) as embedded:
        for number in range(rounds):
            for what in ("worker", "bare") if number % 2 == 0 else ("bare", "worker"):
                kafka = KafkaSettings(embedded.bootstrap_servers, prefix=f"{what}{number}-")
                found[what].append(measure(kafka, what, folder, rate=rate, window=window))
            worker, bare = found["worker"][-1], found["bare"][-1]
            print(
                f"round {number + 1}: p50 {worker.p50:.0f} beside {bare.p50:.0f} ms, "
                f"p90 {worker.p90:.0f} beside {bare.p90:.0f} ms, "
                f"p99 {worker.p99:.0f} beside {bare.p99:.0f} ms",
                flush=True,
            )
    return {"rate": rate, "window": window} | results(found)


def results(found: Mapping[str, Sequence[Latency]]) -> dict[str, Any]:
    """Each round, the ratios worker / bare by round, and the medians. Pure."""
    by_share = {
        share: {what: [getattr(one, share) for one in rounds] for what, rounds in found.items()}
        for share in SHARES
    }
    ratios = {
        share: [worker / bare for worker, bare in zip(each["worker"], each["bare"], strict=True)]
        for share, each in by_share.items()
    }
    return {
        "rounds": [
            {"worker": asdict(worker), "bare": asdict(bare)}
            for worker, bare in zip(found["worker"], found["bare"], strict=True)
        ],
        "median": {
            f"{what}_{share}_ms": round(statistics.median(values), 1)
            for share, each in by_share.items()
            for what, values in each.items()
        },
        "ratio": {share: round(statistics.median(each), 3) for share, each in ratios.items()},
    }


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rate", type=float, default=1_000, help="events per second")
    parser.add_argument("--window", type=float, default=20.0, help="seconds of each measuring")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--bare", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bare:
        bare_loop(
            KafkaSettings(os.environ["CRENEAU_BOOTSTRAP_SERVERS"], os.environ["CRENEAU_PREFIX"])
        )
        return
    with tempfile.TemporaryDirectory(prefix="creneau-bench-") as folder:
        found = run(options.rounds, Path(folder), rate=options.rate, window=options.window)
    median, ratio = found["median"], found["ratio"]
    for share in SHARES:
        print(
            f"{share}: worker {median[f'worker_{share}_ms']:.0f} ms, bare "
            f"{median[f'bare_{share}_ms']:.0f} ms, ratio {ratio[share]:.2f}"
            + (" (target ≤ 1.3)" if share != "p99" else "")
        )
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
