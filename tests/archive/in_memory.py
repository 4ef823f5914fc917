"""An archiver without Kafka: its group and its transactions are pretended, all else is real."""

from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from broker.records import SourceRecord
from broker.settings import KafkaSettings
from tests.archive.pretend import PretendJobs
from tests.archive.test_loading import record
from tests.consumer.world import eventually
from warehouse.archive import archiver as under_test
from warehouse.archive.archiver import Archiver
from warehouse.archive.budget import Budget
from warehouse.archive.partition import ArchivedTopic, Partition
from warehouse.archive.plan import Spent, Standing
from warehouse.archive.rows import slot_event
from warehouse.archive.settings import ArchiveSettings
from warehouse.archive.targets import Targets

SETTINGS = ArchiveSettings(batch_seconds=0.001, retry_seconds=0.001)

NOTHING = Spent()


class PretendGroup:
    """All partitions are ours. ``log``: what has been published, by table."""

    def __init__(self, partitions: Mapping[tuple[str, int], Partition]) -> None:
        self.partitions = dict(partitions)
        self.log: dict[str, list[SourceRecord]] = {name: [] for name, _ in partitions}

    def take(self) -> list[Any]:
        """The records go to the partitions at once, each from its position on."""
        for (name, _), one in self.partitions.items():
            one.must_seek = False
            for each in self.log[name]:
                one.take(each)
        return []

    def seek_back(self, partitions: Iterable[Partition]) -> None: ...
    def group_metadata(self) -> None: ...
    def hold(self) -> None: ...


class InMemory:
    """An archiver of one partition of each of these tables, and the BigQuery that it loads into."""

    def __init__(self, archiver: Archiver, group: PretendGroup, jobs: PretendJobs) -> None:
        self.archiver, self.group, self.jobs = archiver, group, jobs

    def publish(self, table: str, count: int) -> None:
        log = self.group.log[table]
        log += [record(offset) for offset in range(len(log), len(log) + count)]

    def turn(self, times: int = 1) -> None:
        for _ in range(times):
            self.archiver._turn()

    def until(self, what: str, found: Callable[[], object]) -> None:
        def look() -> object:
            self.turn()
            return found()

        eventually(what, look, seconds=20, every=0.001)

    def all_archived(self) -> bool:
        return all(
            one.standing.offset == len(self.group.log[name])
            for (name, _), one in self.group.partitions.items()
        )


def in_memory(
    monkeypatch: pytest.MonkeyPatch, jobs: PretendJobs, *tables: str, spent: Spent = NOTHING
) -> InMemory:
    """Of topics that are called as their tables, for simplicity; all rows are of slot events."""
    topics = {name: ArchivedTopic(name, name, name, slot_event, "id", "x") for name in tables}
    partitions = {
        (name, 0): Partition(
            topic, 0, Standing(0, 0, spent), Budget.of(1, 3), committed=0, most_bytes=10**9
        )
        for name, topic in topics.items()
    }
    group = PretendGroup(partitions)
    session = SimpleNamespace(
        begin=lambda: None, send_offsets=lambda *_: None, commit=lambda: None, close=lambda: None
    )
    monkeypatch.setattr(under_test, "TransactionalSession", lambda *_: session)
    monkeypatch.setattr(under_test, "Membership", lambda *_: group)
    archiver = Archiver(
        KafkaSettings("nowhere:1"),
        SETTINGS,
        instance="one",
        jobs=jobs,
        targets=Targets(topics, {}),
        ranges=lambda *_: [],
    )
    monkeypatch.setattr(archiver._reporter, "now_and_then", lambda _: None)
    monkeypatch.setattr(archiver._taking_over, "renew_shares", lambda _: None)
    return InMemory(archiver, group, jobs)
