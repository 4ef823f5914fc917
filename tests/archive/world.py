"""A Kafka with records on all three topics, and a warehouse to archive them in."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from confluent_kafka import Producer, TopicPartition
from google.cloud import bigquery

from broker.clients import new_admin
from broker.cluster import topic_id
from broker.dead_letters import dead_letter_headers
from broker.groups import Committed, committed
from broker.log import high_watermarks
from broker.records import SourceRecord
from broker.settings import KafkaSettings
from producer_contract.codec import encode_slot_probability
from tests import exactly_once
from tests.archive.comparing import assert_ranges, expected, said
from tests.consumer.world import NOW, World, eventually, slot
from warehouse.archive.process import new_archiver
from warehouse.archive.report import Report
from warehouse.archive.rows import COLUMNS
from warehouse.archive.settings import ArchiveSettings
from warehouse.client import dataset_of, new_client
from warehouse.queries import FOLDER
from warehouse.settings import WarehouseSettings

SETTINGS = ArchiveSettings(
    batch_seconds=0.2, idle_commit_seconds=0.3, session_timeout_seconds=1, retry_seconds=0.1
)
PARTITIONS = (0, 1)
BEFORE_THE_CALENDAR = -(10**14)
"""Milliseconds; Kafka takes no time more than an hour ahead of its own."""

Place = tuple[int, int]
"""Partition and offset on the log."""

KEYS = {
    "slot_events": ("source_partition", "source_offset"),
    "slot_probabilities": ("log_partition", "log_offset"),
    "dead_letters": ("log_partition", "log_offset"),
}


def make_tables(warehouse: WarehouseSettings) -> None:
    """The archive's tables, in a new dataset."""
    client = new_client(warehouse)
    client.create_dataset(dataset_of(client, warehouse))
    for table in COLUMNS:
        client.query_and_wait((FOLDER / "schema" / f"{table}.sql").read_text("utf-8"))


class ArchiveWorld(World):
    """Topics under one prefix, and a dataset of its own."""

    def __init__(self, kafka: KafkaSettings, warehouse: WarehouseSettings, folder: Path) -> None:
        super().__init__(kafka, folder)
        self.warehouse = warehouse
        self.client = new_client(warehouse)
        self.reports: list[Report] = []
        names = kafka.names
        self.topics = {
            "slot_events": names.slot_created,
            "slot_probabilities": names.slot_probability,
            "dead_letters": names.dead_letters,
        }

    def announce(self, count: int, *, days: int = 20) -> None:
        """So many probabilities, of lessons on so many days; in a transaction, as workers do."""
        with self._transaction() as producer:
            for number in range(count):
                producer.produce(
                    self.kafka.names.slot_probability,
                    encode_slot_probability(
                        slot_id=f"slot-{number}",
                        probability=number % 100 / 100,
                        model_version="v1",
                        epoch=3,
                        source_partition=number % 2,
                        source_offset=number // 2,
                        lesson_start_at=NOW + timedelta(days=number % days),
                        scored_at=NOW,
                        replay_id=None,
                    ),
                    f"slot-{number}".encode(),
                    number % 2,
                )

    def bury(self, count: int) -> None:
        """So many dead letters."""
        topic = self.kafka.names.dead_letters
        with self._transaction() as producer:
            for number in range(count):
                source = (self.kafka.names.slot_created, number % 2, number)
                headers: Any = dead_letter_headers(*source, 3, "not-json", "no", None, "1")
                producer.produce(topic, b"{", b"key", number % 2, headers=headers)

    @contextmanager
    def archiver(
        self, settings: ArchiveSettings = SETTINGS, instance: str = "in-a-thread"
    ) -> Iterator[threading.Thread]:
        """An archiver in a thread, drained at the end of the block; its error is raised there."""
        archiver = new_archiver(self.kafka, settings, self.warehouse, instance, self.reports.append)
        errors: list[BaseException] = []

        def work() -> None:
            try:
                archiver.run()
            except BaseException as error:
                errors.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield thread
        finally:
            archiver.stop()
            thread.join(60)
        if errors:
            raise errors[0]

    def committed(self, table: str) -> dict[int, Committed]:
        admin = new_admin(self.kafka)
        group = self.kafka.names.archive_group
        return committed(admin, group, self.topics[table], PARTITIONS)

    def all_archived(self) -> bool:
        """Whether the group is past every record (of two partitions) of the three topics."""
        admin = new_admin(self.kafka)
        for table, topic in self.topics.items():
            ends = high_watermarks(admin, topic, PARTITIONS)
            found = self.committed(table)
            if any((found[p].offset or 0) < end for p, end in ends.items()):
                return False
        return True

    def until_archived(self, *, seconds: float = 90) -> None:
        eventually("everything archived", self.all_archived, seconds=seconds, every=0.3)

    def query(self, text: str) -> list[Any]:
        return list(self.client.query_and_wait(text))

    def places(self, table: str) -> Counter[Place]:
        """How often each record of a log stands in its table."""
        partition, offset = KEYS[table]
        rows = self.query(f"SELECT {partition}, {offset} FROM {table}")
        return Counter((row[0], row[1]) for row in rows)

    def refused(self) -> dict[tuple[str, int, int], Any]:
        rows = self.query("SELECT * FROM archive_refused")
        assert len(rows) == len({(r["topic"], r["log_partition"], r["log_offset"]) for r in rows})
        return {(r["topic"], r["log_partition"], r["log_offset"]): r for r in rows}

    def on_the_log(self, table: str) -> dict[Place, tuple[bytes | None, bytes | None]]:
        """Key and value of every record, as a plain reader finds them."""
        return {
            (m.partition() or 0, m.offset() or 0): (m.key(), m.value())
            for m in exactly_once.read(self.kafka, self.topics[table])
        }

    def records(self, partition: int) -> list[SourceRecord]:
        """Every record of one partition of slot-created, whole, as a plain reader finds them."""
        return [
            SourceRecord(
                partition,
                m.offset() or 0,
                m.timestamp()[1],
                m.key(),
                m.value(),
                tuple(m.headers() or ()),  # type: ignore[arg-type]
            )
            for m in exactly_once.read(self.kafka, self.kafka.names.slot_created)
            if m.partition() == partition
        ]

    def publish_at(self, number: int, timestamp_ms: int) -> None:
        """One event in partition 0, with a time of its producer's."""
        producer = Producer({"bootstrap.servers": self.kafka.bootstrap_servers, "log_level": 2})
        key, value = slot(number)
        producer.produce(self.kafka.names.slot_created, value, key, 0, timestamp=timestamp_ms)
        assert producer.flush(10) == 0

    def publish_and_abort(self, partition: int) -> None:
        """An event and the marker that takes it back: offsets that no reader sees."""
        producer = self._transactional()
        key, value = slot(0)
        producer.produce(self.kafka.names.slot_created, value, key, partition)
        assert producer.flush(10) == 0
        producer.abort_transaction(30)

    def assert_archived_exactly_once(self) -> None:
        """Every record stands once, with all that it is on the log, in its table or refused."""
        refused = self.refused()
        for table, (partition, offset) in KEYS.items():
            topic = self.topics[table]
            log = {
                (m.partition() or 0, m.offset() or 0): m
                for m in exactly_once.read(self.kafka, topic)
            }
            rows = self.query(f"SELECT * FROM {table}")
            others = {p[1:]: row for p, row in refused.items() if self.kafka.prefix + p[0] == topic}
            found = Counter([*((row[partition], row[offset]) for row in rows), *others])
            assert found.keys() == log.keys(), f"{table}: {_difference(found, log)}"
            assert set(found.values()) <= {1}, f"{table}: twice"
            for row in rows:
                wanted = expected(table, log[row[partition], row[offset]])
                assert said(row) == wanted, f"{table}: {said(row)} instead of {wanted}"
            for place, row in others.items():
                m = log[place]
                assert (row["key"], row["value"], row["timestamp_ms"]) == (
                    m.key(),
                    m.value(),
                    m.timestamp()[1],
                )
            loaded = [(r[partition], r[offset], r["range_from"], r["range_to"]) for r in rows]
            assert_ranges(
                loaded + [(*p, r["range_from"], r["range_to"]) for p, r in others.items()]
            )
            its_id = topic_id(new_admin(self.kafka), topic)
            assert {row["topic_id"] for row in [*rows, *others.values()]} <= {its_id}

    def jobs(self) -> list[bigquery.LoadJob]:
        """Every load job of this dataset, oldest first."""
        jobs = [job for job in self.client.list_jobs() if isinstance(job, bigquery.LoadJob)]
        mine = [job for job in jobs if job.destination.dataset_id == self.warehouse.dataset]
        return sorted(mine, key=lambda job: job.created)

    def let_go(self, partition: int, before: int) -> None:
        """What retention does to slot-created."""
        part = TopicPartition(self.kafka.names.slot_created, partition, before)
        # An admin client that nobody holds takes its futures with it.
        admin = new_admin(self.kafka)
        for future in admin.delete_records([part]).values():
            future.result()

    @contextmanager
    def _transaction(self) -> Iterator[Producer]:
        producer = self._transactional()
        yield producer
        producer.commit_transaction(30)

    def _transactional(self) -> Producer:
        """With a transaction begun."""
        producer = Producer(
            {
                "bootstrap.servers": self.kafka.bootstrap_servers,
                "transactional.id": f"{self.kafka.prefix}test",
                "queue.buffering.max.messages": 1_000_000,
                "log_level": 2,
            }
        )
        producer.init_transactions(30)
        producer.begin_transaction()
        return producer


def _difference(found: Counter[Place], log: dict[Place, Any]) -> str:
    lost, strange = sorted(log.keys() - found.keys()), sorted(found.keys() - log.keys())
    return f"lost {lost[:5]} of {len(lost)}, strange {strange[:5]} of {len(strange)}"
