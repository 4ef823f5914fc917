"""Fence and plan, and a preview, of a replay where 100,000 runs stand behind.

``python -m bench.runs [--runs 100000] [--rounds 5] [--json FILE] [--profile FILE]``

A history of that many runs is written to a real Kafka by our own encoders (``bench.long_history``),
and one worker process takes over from there. Then, in each round, a process of its own revokes the
model in force and asks for the replay of all that it emitted, by the same functions as ``creneau
model revoke --replay``. Times are Kafka's timestamps of ``ModelRevoked`` and ``ReplayRequested``:
between them lie the workers' change of model, the fence, the draining, the plan and the writing of
every task's record. The replay is cancelled then, so that the next round begins as the first one
did. ``creneau replay preview`` of all that it would correct is timed as a person waits for it, from
starting the process to its end.
"""

import argparse
import cProfile
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from confluent_kafka import TopicPartition

from bench.backlog import PARTITIONS, publish, slot_events
from bench.commands import CRENEAU, process, run, settings_of
from bench.long_history import CHUNK_OFFSETS, Shape, write
from bench.models import VERSION, register
from broker.clients import new_admin, new_consumer
from broker.groups import committed
from broker.log import high_watermarks, partitions_of, read_to_end
from broker.settings import KafkaSettings
from broker.topics import apply
from creneau.replays import Replays
from creneau.revocation import revoke
from creneau.settings import load_settings
from ledger.reader import read_ledger
from ledger.records import ModelRevoked, ReplayRequested, decode
from producer_contract.testing.broker import STEADY
from producer_contract.testing.embedded import EmbeddedKafka
from replay.control import cancel
from replay.request import Order

REPLAYS: Final = 30
"""As many replays of 100,000,000 slots, in chunks of 30,000 offsets, leave 100,000 runs (of 50,000,
60,000)."""
WAIT_SECONDS: Final = 120.0
WHY: Final = "a benchmark"


def incident(culprit: str, replacement: str, profile: Path | None) -> None:
    """Revoke, and request the replay of all that any revoked model emitted, in this process."""
    replays = Replays(load_settings())
    profiler = cProfile.Profile()
    revoke(
        replays.kafka,
        replays.store,
        [culprit],
        replacement=replacement,
        pause_scoring=False,
        reason=WHY,
    )
    if profile is not None:
        profiler.enable()
    replays.request(Order(replacement), WHY, lambda line: print(line, file=sys.stderr))
    if profile is not None:
        profiler.disable()
        profiler.dump_stats(profile)


def measure(
    kafka: KafkaSettings, folder: Path, wanted: int, rounds: int, profile: Path | None
) -> dict[str, Any]:
    """Write the history, then take the seconds of each round."""
    shape = Shape.of(wanted, REPLAYS)
    apply(new_admin(kafka), kafka.names, partitions=PARTITIONS)
    in_force = _prepare(kafka, folder, shape, rounds)
    settings = settings_of(kafka, folder) | {"CRENEAU_REPLAY__CHUNK_OFFSETS": str(CHUNK_OFFSETS)}
    seconds: list[float] = []
    previews: list[float] = []
    chunks = 0
    worker = [*CRENEAU, "worker", "--processes", "1", "--port", "0"]
    with process(worker, settings, folder / "worker.log"):
        for number in range(rounds):
            _let_it_score(kafka, number)
            replacement = shape.version(shape.replays + 1 + number)
            command = [sys.executable, "-m", "bench.runs", "--incident", in_force, replacement]
            command += ["--profile", str(profile)] if profile is not None else []
            run(command, settings, folder / f"incident-{number}.log")
            planned, chunks = _last_incident(kafka)
            _cancel(kafka)
            seconds.append(planned)
            previews.append(_preview(settings, folder / f"preview-{number}.log", replacement))
            print(
                f"round {number + 1}: fence + plan {planned:.2f} s, {chunks:,} chunks; "
                f"preview {previews[-1]:.2f} s",
                flush=True,
            )
            in_force = replacement
    took = {"seconds": seconds, "preview_seconds": previews}
    rounded = {name: [round(one, 3) for one in each] for name, each in took.items()}
    median = {name: round(statistics.median(each), 3) for name, each in took.items()}
    return {"runs": shape.runs, "chunks": chunks, **rounded, "median": median}


def _prepare(kafka: KafkaSettings, folder: Path, shape: Shape, spare: int) -> str:
    """History and source events; the version in force."""
    register(kafka, folder, VERSION)
    began = time.monotonic()
    in_force = write(kafka, shape, read_ledger(kafka).models[VERSION], spare)
    print(f"{shape.runs:,} runs written in {time.monotonic() - began:.0f} s", flush=True)
    return in_force


def _let_it_score(kafka: KafkaSettings, number: int) -> None:
    """Some live events, and wait until the worker has scored all there are: it is at work."""
    publish(kafka, slot_events(100 * PARTITIONS, f"live-{number}"))
    admin, topic = new_admin(kafka), kafka.names.slot_created
    partitions = partitions_of(admin, topic)
    ends = high_watermarks(admin, topic, partitions)
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        answers = committed(admin, kafka.names.worker_group, topic, partitions)
        if all((answers[partition].offset or 0) >= end for partition, end in ends.items()):
            return
        time.sleep(0.2)
    raise TimeoutError(f"the worker has not scored what there is after {WAIT_SECONDS:.0f} s")


def _last_incident(kafka: KafkaSettings) -> tuple[float, int]:
    """Seconds from the last revocation to the last request, and the request's chunks."""
    revoked, requested, chunks = 0, 0, 0
    for message in read_to_end(kafka, kafka.names.model_ledger, partitions=[0]):
        record = decode(message.value())
        if isinstance(record, ModelRevoked):
            revoked = message.timestamp()[1]
        elif isinstance(record, ReplayRequested):
            requested, chunks = message.timestamp()[1], record.chunks
    return (requested - revoked) / 1_000, chunks


def _cancel(kafka: KafkaSettings) -> None:
    """Cancel the active replay and pass over its tasks, as idle executors would in time."""
    cancel(kafka, None, by="bench", reason=WHY)
    admin, topic = new_admin(kafka), kafka.names.replay_tasks
    ends = high_watermarks(admin, topic, partitions_of(admin, topic))
    consumer = new_consumer(kafka, group_id=kafka.names.executor_group)
    try:
        past = [TopicPartition(topic, partition, end) for partition, end in ends.items()]
        consumer.commit(offsets=past, asynchronous=False)
    finally:
        consumer.close()


def _preview(settings: Mapping[str, str], log: Path, replacement: str) -> float:
    """Seconds of ``creneau replay preview``: every model ever revoked, so every event."""
    done = run([*CRENEAU, "replay", "preview", "--with", replacement, "--json"], settings, log)
    found = json.loads(done.said)
    if not found["affected"] or not found["sample"]["n"]:
        raise RuntimeError(f"the preview found nothing to correct: {done.said}")
    return done.seconds


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--profile", type=Path, help="cProfile of the last round's request")
    parser.add_argument("--incident", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.incident:
        culprit, replacement = options.incident
        incident(culprit, replacement, options.profile)
        return
    with tempfile.TemporaryDirectory(prefix="creneau-bench-") as name:
        folder = Path(name)
        with EmbeddedKafka(folder / "kafka", jvm=STEADY) as embedded:
            kafka = KafkaSettings(embedded.bootstrap_servers, prefix="runs-")
            found = measure(kafka, folder, options.runs, options.rounds, options.profile)
    print(
        f"fence + plan on {found['runs']:,} runs: median {found['median']['seconds']:.2f} s, "
        f"{found['chunks']:,} chunks (target < 1 s); "
        f"preview: median {found['median']['preview_seconds']:.2f} s (target < 5 s)"
    )
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
