"""Filling slot-created as fast as Kafka takes it, with slots that a model finds realistic.

``python -m bench.fill`` is one process of it: see ``fill``. Drawing and encoding a slot takes ten
times as long as sending it. So a process draws a pool of ``POOL`` slots of the synthetic market,
goes over it again and again, and writes two fields anew each time: ``slot_id`` (and with it the
key), unique, and ``created_at``, now, which makes the lead time another one. Every
``POOL_SECONDS`` it draws a new pool. No row follows its like within ``POOL`` of the same process:
nothing between (the compressor's window, a processor's branch predictor) remembers that long.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from confluent_kafka import Producer

from bench.backlog import slot_events
from bench.commands import process, settings_of
from broker.clients import new_producer
from broker.settings import KafkaSettings
from producer_contract.times import format_instant

POOL: Final = 200_000
POOL_SECONDS: Final = 300.0
"""Lessons begin half an hour after the drawing at the earliest."""
CLOCK_EVERY: Final = 1_000
"""Events that share one ``created_at``."""
LOOK_SECONDS: Final = 0.5

Parts = tuple[bytes, bytes]
"""An encoded slot, between its ``slot_id`` and its ``created_at``, and after that."""

_ID: Final = b'"slot_id":"'
_CREATED: Final = b'"created_at":"'


def fill(kafka: KafkaSettings, folder: Path, slots: int, processes: int) -> None:
    """Publish ``slots`` slots with so many processes; returns once Kafka has all of them.

    Raises:
        RuntimeError: a process failed; names its log and the last line of it.
    """
    run = f"{int(time.time()):x}"
    with ExitStack() as stack:
        running = []
        for number in range(processes):
            count = slots * (number + 1) // processes - slots * number // processes
            command = [sys.executable, "-m", "bench.fill", "--slots", str(count)]
            command += ["--run", f"{run}-{number}", "--seed", str(1_000 * (number + 1))]
            command += ["--bootstrap", kafka.bootstrap_servers, "--prefix", kafka.prefix]
            log = folder / f"fill-{number}.log"
            running.append(
                (stack.enter_context(process(command, settings_of(kafka, folder), log)), log)
            )
        while any(one.poll() is None for one, _ in running):
            _refuse_failed([(one.poll(), log) for one, log in running])
            time.sleep(LOOK_SECONDS)
        _refuse_failed([(one.poll(), log) for one, log in running])


def _refuse_failed(ended: Sequence[tuple[int | None, Path]]) -> None:
    for code, log in ended:
        if code:
            lines = log.read_text("utf-8", "replace").strip().splitlines() or ["(it said nothing)"]
            raise RuntimeError(f"filling ended with {code}: {lines[-1]}; see {log}")


def events(slots: int, run: str, seed: int) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of ``slots`` slots whose ids begin with ``run``."""
    number = 0
    while number < slots:
        pool, drawn = pool_of(min(POOL, slots), seed), time.monotonic()
        seed += 1
        while number < slots and time.monotonic() < drawn + POOL_SECONDS:
            last = min(slots, number + len(pool))
            yield from once_over(pool, run, number, last)
            number = last


def pool_of(count: int, seed: int) -> list[Parts]:
    """Slots of the market without the two fields that each use writes anew."""
    return [parts_of(value) for _, value in slot_events(count, "pool", seed)]


def parts_of(value: bytes) -> Parts:
    """What stands behind the ``slot_id`` and behind the ``created_at`` of an encoded slot."""
    head, _, rest = value.partition(_ID)
    between, created, after = rest[rest.index(b'"') :].partition(_CREATED)
    assert head == b'{"schema_version":1,'
    return between + created, after[after.index(b'"') :]


def once_over(
    pool: Sequence[Parts], run: str, first: int, last: int
) -> Iterator[tuple[bytes, bytes]]:
    """The slots numbered ``first`` to ``last``, made of the pool's first so many rows."""
    head = b'{"schema_version":1,' + _ID
    for start in range(first, last, CLOCK_EVERY):
        created = format_instant(datetime.now(UTC)).encode()
        end = min(start + CLOCK_EVERY, last)
        for number, (between, after) in enumerate(pool[start - first : end - first], start):
            slot_id = b"slot-%b-%08d" % (run.encode(), number)
            yield slot_id, head + slot_id + between + created + after


def _send(producer: Producer, topic: str, key: bytes, value: bytes) -> None:
    while True:
        try:
            producer.produce(topic, value, key)
        except BufferError:
            producer.poll(0.02)
        else:
            return


def main() -> None:
    """One filling process."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--slots", type=int, required=True)
    options.add_argument("--run", required=True, help="what its ids begin with")
    options.add_argument("--seed", type=int, required=True)
    options.add_argument("--bootstrap", required=True)
    options.add_argument("--prefix", default="")
    chosen = options.parse_args()
    kafka = KafkaSettings(chosen.bootstrap, prefix=chosen.prefix)
    # As a slot app's publisher partitions; large batches, for there is nobody to wait for them.
    producer = new_producer(
        kafka,
        partitioner="murmur2_random",
        compression_type="lz4",
        linger_ms=100,
        batch_size=1_000_000,
    )
    for key, value in events(chosen.slots, chosen.run, chosen.seed):
        _send(producer, kafka.names.slot_created, key, value)
    left = producer.flush(120)
    if left:
        raise SystemExit(f"{left} slots were not taken by Kafka within 120 s")


if __name__ == "__main__":
    main()
