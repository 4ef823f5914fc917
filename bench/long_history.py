"""A ledger and runs as they stand after many replays of everything, written by our own encoders.

One model after the other was in force, found out, revoked, and all that was ever scored was
replayed with the next. Each run is a batch of its own on the log, as executors write them; but ten
share a transaction and its marker, for 100,000 transactions take six minutes. Of the outcomes there
are none: neither a plan nor a preview reads any of them. Pure but for ``write``.
"""

import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final

from confluent_kafka import TopicPartition

from bench.backlog import PARTITIONS, slot_events
from broker.clients import new_consumer, new_producer
from broker.settings import KafkaSettings
from ledger import metadata
from ledger.fold import Model
from ledger.metadata import CommitMetadata
from ledger.records import (
    Interval,
    ModelPromoted,
    ModelRegistered,
    ModelRevoked,
    Record,
    ReplayCompleted,
    ReplayRequested,
)
from ledger.runs import Run, encode_run
from ledger.writer import append

CHUNK_OFFSETS: Final = 16
"""Offsets in a chunk: a plan counts chunks and runs, not what is in them."""
WRITERS: Final = 8
"""Transactional producers side by side: alone, one commits some 30 a second on a busy machine."""
TRANSACTION_RUNS: Final = 10


@dataclass(frozen=True, slots=True)
class Shape:
    """``replays`` replays of everything, each of ``chunks`` chunks in each partition."""

    replays: int
    chunks: int

    @classmethod
    def of(cls, runs: int, replays: int) -> "Shape":
        """The shape that has at least so many runs."""
        return cls(replays, max(2, -(-runs // (replays * PARTITIONS)) - 1))

    @property
    def runs(self) -> int:
        return self.replays * PARTITIONS * (self.chunks + 1)

    @property
    def events(self) -> int:
        """Source events in each partition."""
        return self.chunks * CHUNK_OFFSETS + self.replays

    def fence(self, replay: int) -> int:
        """Where live scoring stood when replay number ``replay`` (from 1) was asked for."""
        return self.events - self.replays + replay

    def version(self, number: int) -> str:
        return f"model-{number}"


def decisions(shape: Shape, model: Model, spare: int) -> list[Record]:
    """The ledger from its first record to the last completion, and ``spare`` models to come."""
    who: dict[str, Any] = {"at": datetime.now(UTC), "by": "bench", "reason": "a benchmark"}
    records: list[Record] = [
        ModelRegistered(
            **who,
            version=shape.version(number),
            digest=model.digest,
            uri=model.uri,
            features_version=model.features_version,
        )
        for number in range(shape.replays + 1 + spare)
    ]
    records.append(ModelPromoted(**who, version=shape.version(0)))
    for number in range(1, shape.replays + 1):
        fences = dict.fromkeys(range(PARTITIONS), shape.fence(number))
        replay_id = str(uuid.uuid4())
        before, after = shape.version(number - 1), shape.version(number)
        records += [
            ModelRevoked(**who, versions=(before,), replacement=after),
            ReplayRequested(
                **who,
                replay_id=replay_id,
                from_models=tuple(sorted(shape.version(one) for one in range(number))),
                with_model=after,
                scope="all",
                fences=fences,
                affected=tuple(Interval(p, 0, end) for p, end in fences.items()),
                chunks=PARTITIONS * shape.chunks,
            ),
            ReplayCompleted(**who, replay_id=replay_id, certificate="0" * 64),
        ]
    return records


def runs(shape: Shape, records: Sequence[Record], offsets: Sequence[int]) -> Iterator[Run]:
    """The runs of all replays, and the live one that each revocation closed, in epoch order.

    ``offsets``: where the records stand on the ledger.
    """
    epoch, live_from, number = -1, 0, 0
    for record, offset in zip(records, offsets, strict=True):
        if isinstance(record, ModelPromoted):
            epoch = offset
        elif isinstance(record, ModelRevoked):
            number += 1
            end = shape.fence(number)
            for partition in range(PARTITIONS):
                yield _run(Interval(partition, live_from, end), epoch, record.versions[0])
            epoch, live_from = offset, end
        elif isinstance(record, ReplayRequested):
            for chunk in _chunks(shape.chunks, shape.fence(number)):
                yield _run(chunk, offset, record.with_model, record.replay_id)


def _chunks(pieces: int, end: int) -> Iterator[Interval]:
    """Newest first, the partitions in turn, as executors come to them."""
    edges = [end * piece // pieces for piece in range(pieces + 1)]
    for start, stop in reversed(list(pairwise(edges))):
        for partition in range(PARTITIONS):
            yield Interval(partition, start, stop)


def _run(where: Interval, epoch: int, version: str, replay_id: str | None = None) -> Run:
    partition, start, end = where
    return Run(partition, start, end, epoch, version, replay_id, scored=end - start)


def write(kafka: KafkaSettings, shape: Shape, model: Model, spare: int) -> str:
    """Write it to real Kafka; the version that is in force at the end."""
    _publish(kafka, shape)
    records = decisions(shape, model, spare)
    offsets = append(kafka, lambda _: records)
    every = [encode_run(run) for run in runs(shape, records, offsets)]
    with ThreadPoolExecutor(WRITERS) as writers:
        # list(): what one of them raises is raised here.
        list(writers.map(lambda part: _write_runs(kafka, every[part::WRITERS]), range(WRITERS)))
    last = max(
        at for record, at in zip(records, offsets, strict=True) if isinstance(record, ModelRevoked)
    )
    _stand(kafka, shape, last)
    return shape.version(shape.replays)


def _publish(kafka: KafkaSettings, shape: Shape) -> None:
    """The source: as many events in each partition."""
    producer = new_producer(kafka)
    for place, (key, value) in enumerate(slot_events(shape.events * PARTITIONS, "history")):
        producer.produce(kafka.names.slot_created, value, key, place % PARTITIONS)
    if producer.flush(60):
        raise TimeoutError("the source events were not taken by Kafka")


def _write_runs(kafka: KafkaSettings, values: Sequence[bytes]) -> None:
    producer = new_producer(
        kafka,
        transactional_id=f"{kafka.prefix}bench-{uuid.uuid4()}",
        linger_ms=0,
        batch_num_messages=1,
    )
    producer.init_transactions(60)
    for start in range(0, len(values), TRANSACTION_RUNS):
        producer.begin_transaction()
        for value in values[start : start + TRANSACTION_RUNS]:
            producer.produce(kafka.names.scoring_runs, value, None, 0)
        producer.commit_transaction(60)


def _stand(kafka: KafkaSettings, shape: Shape, epoch: int) -> None:
    """The workers' group as the last worker has left it: at the end, its run open."""
    opened = CommitMetadata(epoch, shape.fence(shape.replays), 0, 0)
    consumer = new_consumer(kafka, group_id=kafka.names.worker_group)
    try:
        consumer.commit(
            offsets=[
                TopicPartition(
                    kafka.names.slot_created,
                    partition,
                    shape.events,
                    metadata.encode(opened),
                )
                for partition in range(PARTITIONS)
            ],
            asynchronous=False,
        )
    finally:
        consumer.close()
