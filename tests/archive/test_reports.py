"""What the archive tells of itself."""

from types import SimpleNamespace
from typing import Any

import pytest

from broker.settings import KafkaSettings
from producer_contract.errors import UnavailableError
from tests.archive.test_partition import partition
from warehouse.archive import reporter
from warehouse.archive.exposition import PoolState, exposition
from warehouse.archive.plan import Standing
from warehouse.archive.report import Counts, Lag, Report
from warehouse.archive.reporter import Reporter


def test_a_partition_that_two_processes_report_is_one_sample_the_newer_one() -> None:
    def by(instance: str, at: float, offsets: int) -> Report:
        return Report(instance, at, None, [Lag("slot_events", 3, offsets, 0.0, 60.0)], Counts())

    state = PoolState([by("new", 20.0, 7), by("old", 10.0, 900)], Counts(), 2, 0)
    lines = exposition(lambda: state)().decode().splitlines()
    found = [line for line in lines if line.startswith("creneau_archive_lag_offsets{")]
    assert found == ['creneau_archive_lag_offsets{partition="3",table="slot_events"} 7.0']
    waits = 'creneau_archive_budget_wait_seconds{partition="3",table="slot_events"} 60.0'
    assert waits in lines


def test_a_cluster_that_does_not_say_where_its_logs_end_ends_no_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ends: list[Any] = [{0: 50}, UnavailableError("nobody answers")]

    def asked(*_: object) -> dict[int, int]:
        answer = ends.pop(0)
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, dict)
        return answer

    monkeypatch.setattr(reporter, "new_admin", lambda _: None)
    monkeypatch.setattr(reporter, "high_watermarks", asked)
    monkeypatch.setattr(reporter, "REPORT_SECONDS", 0.0)
    monkeypatch.setattr(reporter, "ENDS_SECONDS", 0.0)
    group: Any = SimpleNamespace(
        partitions={("slot-created", 0): partition(Standing(20, 20))}, joined=True
    )
    reports: list[Report] = []
    one = Reporter(KafkaSettings("nowhere:1"), "one", ["slot-created"], reports.append)
    one.now_and_then(group)
    one.now_and_then(group)
    assert [report.lag[0].offsets for report in reports] == [30, 30]
    assert ends == []
