"""Resident memory of a worker process after 1,000,000 events and after 20,000,000.

``python -m bench.memory [--early 1000000] [--late 20000000] [--json FILE]``

One worker process scores what is published beside it, each event another slot. The publisher stays
at most ``AHEAD`` events before what is committed, and the topics keep little (by size), so that the
disk holds a few hundred MB however many events there are. Resident memory is VmRSS, which moves
with each batch: the median of looks over ``LOOKED_AT`` events, from each mark on. The events per
second are no rate to be compared: publisher, broker and worker share the machine.
"""

import argparse
import json
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final

from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from bench.backlog import PARTITIONS, Position, publish, slot_events
from bench.commands import CRENEAU, peak_mib, process, settings_of
from bench.models import promote_model
from bench.proc import resident_mib, wait_for_members
from broker.clients import new_admin
from broker.settings import KafkaSettings
from broker.topics import apply
from producer_contract.testing.broker import STEADY
from producer_contract.testing.embedded import EmbeddedKafka

AHEAD: Final = 400_000
"""Events: less than the topics keep, so that none is gone before it is scored."""
PORTION: Final = 20_000
LOOKED_AT: Final = 100_000
KEPT: Final = {"retention.bytes": 64 << 20, "segment.bytes": 16 << 20}
"""Of each partition: 64 MiB are some 200,000 events, uncompressed."""
RETENTION_CHECK_MS: Final = "2000"
STUCK_SECONDS: Final = 120.0


def measure(kafka: KafkaSettings, folder: Path, early: int, late: int) -> dict[str, Any]:
    """Score up to ``late`` events and a few more; look at ``early`` and at ``late``."""
    apply(new_admin(kafka), kafka.names, partitions=PARTITIONS)
    _keep_little(kafka)
    promote_model(kafka, folder)
    command = [*CRENEAU, "worker", "--processes", "1", "--port", "0"]
    looked = min(LOOKED_AT, early)
    began = time.monotonic()
    with (
        process(command, settings_of(kafka, folder), folder / "worker.log") as pool,
        publishing(kafka, late + looked),
    ):
        worker = wait_for_members(pool.pid, 1)["worker 1"]
        resident = {
            mark: statistics.median(_looks(kafka, worker, mark, mark + looked))
            for mark in (early, late)
        }
        peak = peak_mib(worker)
    return results(resident, peak, time.monotonic() - began)


def results(resident: Mapping[int, float], peak: float, seconds: float) -> dict[str, Any]:
    """MiB by number of events, the most ever, and the last by the first. Pure."""
    first, *_, last = resident.values()
    return {
        "resident_mib": {str(events): round(mib, 1) for events, mib in resident.items()},
        "peak_mib": round(peak, 1),
        "seconds": round(seconds),
        "ratio": round(last / first, 3),
    }


def _keep_little(kafka: KafkaSettings) -> None:
    """Make the topics of events and answers small rings."""
    entries = [
        ConfigEntry(name, str(value), incremental_operation=AlterConfigOpType.SET)
        for name, value in KEPT.items()
    ]
    resources = [
        ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
        for topic in (kafka.names.slot_created, kafka.names.slot_probability)
    ]
    # Held until all have answered: what a client that is gone was asked is never answered.
    admin = new_admin(kafka)
    for future in admin.incremental_alter_configs(resources).values():
        future.result()


@contextmanager
def publishing(kafka: KafkaSettings, events: int) -> Iterator[None]:
    """A thread that publishes so many events, never too far ahead of the worker."""
    stopping = threading.Event()
    thread = threading.Thread(target=_publish, args=(kafka, events, stopping), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def _publish(kafka: KafkaSettings, events: int, stopping: threading.Event) -> None:
    slots = slot_events(events, "memory")
    position, sent = Position(kafka, kafka.names.worker_group), 0
    while not stopping.is_set() and (portion := list(islice(slots, PORTION))):
        while sent - position.done() > AHEAD and not stopping.wait(0.1):
            pass
        publish(kafka, portion)
        sent += len(portion)


def _looks(kafka: KafkaSettings, pid: int, start: int, end: int) -> Iterator[float]:
    """Resident memory, again and again, while the events from ``start`` to ``end`` are scored."""
    position = Position(kafka, kafka.names.worker_group)
    before, progress = -1, time.monotonic()
    while (done := position.done()) < end:
        if done >= start:
            yield resident_mib(pid)
        if done > before:
            before, progress = done, time.monotonic()
        elif time.monotonic() > progress + STUCK_SECONDS:
            raise TimeoutError(f"the worker stands at {done} events for {STUCK_SECONDS:.0f} s")
        time.sleep(0.1 if done >= start else 0.5)
    yield resident_mib(pid)


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--early", type=int, default=1_000_000)
    parser.add_argument("--late", type=int, default=20_000_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="creneau-bench-") as name:
        folder = Path(name)
        broker = {"log.retention.check.interval.ms": RETENTION_CHECK_MS}
        with EmbeddedKafka(folder / "kafka", jvm=STEADY, server_properties=broker) as embedded:
            kafka = KafkaSettings(embedded.bootstrap_servers, prefix="memory-")
            found = measure(kafka, folder, options.early, options.late)
    for mark, mib in found["resident_mib"].items():
        print(f"after {int(mark):>12,} events: {mib:.0f} MiB resident")
    print(f"ratio {found['ratio']:.2f} (target ≤ 1.1), peak {found['peak_mib']:.0f} MiB")
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
