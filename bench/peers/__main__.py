"""One worker beside what a user would pick instead, on the same backlog, in the same run.

``python -m bench.peers [--events 600000] [--rounds 5] [--only NAME ...] [--json FILE]``

As ``bench.worker_rate``: each round has topics and a backlog of its own with 8 partitions on one
embedded Kafka; the worker and the peers take turns at going first, each a process of its own that
is watched from outside by its group's committed offsets, between a tenth and nine tenths of what
lies before it. The slow ones begin nearer to the end of the same backlog (``share``). A small
backlog wrongs Kafka Streams: a JVM compiles in its first seconds. Each must have left an answer for
each event, in the contract's form. A ratio is worker / peer, round by round; the median counts.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from bench.backlog import PARTITIONS, publish, rate_of, slot_events
from bench.commands import process
from bench.models import promote_model
from bench.peers.environments import ROOT, PeerUnusableError, python_of
from bench.peers.java import NoJdkError, streams_command
from bench.worker_rate import measure as measure_ours
from broker.clients import new_admin, new_consumer
from broker.log import high_watermarks, partitions_of
from broker.settings import KafkaSettings
from broker.topics import apply
from producer_contract.codec import Refusal, decode_slot_probability
from producer_contract.testing.broker import STEADY, last_words
from producer_contract.testing.embedded import EmbeddedKafka

OURS: Final = "worker"
ANSWER_SECONDS: Final = 30.0

Command = list[str | Path]


@dataclass(frozen=True, slots=True)
class Peer:
    """``start``: what its command begins with; ``share``: of the backlog, what it works off."""

    name: str
    does: str
    start: Callable[[], Command]
    share: float = 1.0
    scores: bool = False


def _python(lock: str, module: str) -> Callable[[], Command]:
    return lambda: [python_of(lock), "-m", f"bench.peers.{module}"]


PEERS: Final = (
    Peer(
        "faststream-scoring",
        "FastStream, batches, pydantic, batched scoring, at least once",
        _python("faststream", "faststream_app"),
        share=0.1,
        scores=True,
    ),
    Peer(
        "faststream-constant",
        "FastStream, batches, pydantic, constant answer, at least once",
        _python("faststream", "faststream_app"),
        share=0.1,
    ),
    Peer(
        "quix-constant",
        "Quix Streams, JSON, constant answer, exactly once",
        _python("quix", "quix_app"),
    ),
    Peer(
        "streams-constant",
        "Kafka Streams, Jackson, constant answer, exactly_once_v2, 1 thread",
        streams_command,
    ),
)


def measure(
    kafka: KafkaSettings, peer: Peer, start: Command, folder: Path, backlog: Sequence[object]
) -> float:
    """The rate of a peer on the last ``share`` of the backlog of ``kafka.prefix``.

    Raises:
        PeerUnusableError: it did not answer everything, or not in the contract's form.
    """
    admin = new_admin(kafka)
    source, output = kafka.names.slot_created, f"{kafka.prefix}{peer.name}"
    admin.create_topics([NewTopic(output, num_partitions=PARTITIONS)])[output].result()
    begin_at(admin, output, source, peer.share)
    command = [*start, kafka.bootstrap_servers, source, output, output]
    if peer.scores:
        command.append(next((folder / "models").glob("*.zip")))
    elif start[-1] == "StreamsApp":
        command.append(folder / f"{output}-state")
    environment = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    log = folder / f"{peer.name}.log"
    with process([str(part) for part in command], environment, log):
        try:
            rate = rate_of(kafka, output)
        except TimeoutError as error:
            raise PeerUnusableError(f"{error}; {last_words(log)}") from error
    check_answers(kafka, output, round(peer.share * len(backlog)))
    return rate


def begin_at(admin: AdminClient, group: str, topic: str, share: float) -> None:
    """Let a group that is not there yet begin where the last ``share`` of each partition begins."""
    ends = high_watermarks(admin, topic, partitions_of(admin, topic))
    offsets = [TopicPartition(topic, p, end - round(share * end)) for p, end in ends.items()]
    request = ConsumerGroupTopicPartitions(group, offsets)
    admin.alter_consumer_group_offsets([request])[group].result()


def check_answers(kafka: KafkaSettings, output: str, events: int) -> None:
    """Look at one answer, and at how many there are.

    Raises:
        PeerUnusableError: too few, or it is not a ``slot-probability``.
    """
    admin = new_admin(kafka)
    ends = high_watermarks(admin, output, partitions_of(admin, output))
    # Transactions leave markers of their own; a rounded share may be off by one a partition.
    if sum(ends.values()) < events - PARTITIONS:
        raise PeerUnusableError(f"{output}: {sum(ends.values())} answers to {events} events")
    consumer = new_consumer(kafka)
    consumer.assign([TopicPartition(output, partition, 0) for partition in ends])
    message = consumer.poll(ANSWER_SECONDS)
    consumer.close()
    if message is None or message.error() is not None:
        raise PeerUnusableError(f"{output}: no answer can be read")
    try:
        decode_slot_probability(message.value())
    except Refusal as refusal:
        raise PeerUnusableError(f"{output}: not a slot-probability: {refusal}") from refusal


def ready(peers: Sequence[Peer]) -> tuple[dict[str, Command], dict[str, str]]:
    """Commands by peer, made ready; and why those that are left out are.

    Raises:
        PeerUnusableError: what a peer needs cannot be made.
    """
    starts: dict[str, Command] = {}
    absent: dict[str, str] = {}
    for peer in peers:
        try:
            starts[peer.name] = peer.start()
        except NoJdkError as error:
            absent[peer.name] = str(error)
            print(f"{peer.name}: left out, {error}", flush=True)
    return starts, absent


def run(events: int, rounds: int, peers: Sequence[Peer], folder: Path) -> dict[str, Any]:
    """All rounds; the rates, and the medians of rates and ratios."""
    starts, absent = ready(peers)
    backlog = list(slot_events(events, "bench"))
    there = {peer.name: peer for peer in peers if peer.name in starts}
    rates: dict[str, list[float]] = {name: [] for name in (OURS, *there)}
    with EmbeddedKafka(folder / "kafka", jvm=STEADY) as embedded:
        for number in range(rounds):
            kafka = KafkaSettings(embedded.bootstrap_servers, prefix=f"round{number}-")
            apply(new_admin(kafka), kafka.names, partitions=PARTITIONS)
            promote_model(kafka, folder)
            publish(kafka, backlog)
            for name in in_turn(list(rates), number):
                if name == OURS:
                    rate = measure_ours(kafka, OURS, folder)
                else:
                    rate = measure(kafka, there[name], starts[name], folder, backlog)
                rates[name].append(rate)
                print(f"round {number + 1}: {name} {rate:,.0f}/s", flush=True)
    return {
        "events": events,
        "rounds": rounds,
        "peers": {name: peer.does for name, peer in there.items()},
        "absent": absent,
        "per_second": {name: [round(rate) for rate in found] for name, found in rates.items()},
        "median": medians(rates),
    }


def in_turn(names: list[str], number: int) -> list[str]:
    """The same names, another one first in each round."""
    first = number % len(names)
    return names[first:] + names[:first]


def medians(rates: dict[str, list[float]]) -> dict[str, float]:
    """Events per second, and the worker's in multiples of each peer's (median of the rounds')."""
    found: dict[str, float] = {
        f"{name}_per_second": round(statistics.median(each)) for name, each in rates.items()
    }
    for name, each in rates.items():
        if name != OURS:
            ratios = [ours / theirs for ours, theirs in zip(rates[OURS], each, strict=True)]
            found[f"worker_to_{name}"] = round(statistics.median(ratios), 3)
    return found


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    options = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    options.add_argument("--events", type=int, default=600_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--only", nargs="+", choices=[peer.name for peer in PEERS])
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    peers = [peer for peer in PEERS if not chosen.only or peer.name in chosen.only]
    try:
        with tempfile.TemporaryDirectory(prefix="creneau-bench-") as folder:
            result = run(chosen.events, chosen.rounds, peers, Path(folder))
    except PeerUnusableError as error:
        sys.exit(f"bench.peers: {error}")
    for name, value in result["median"].items():
        print(f"{name:36} {value:12,.2f}")
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
