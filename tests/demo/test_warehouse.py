"""The warehouse beside the story: it fails alone, ends when it shall, and counts what is there."""

import sys
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from creneau.demo.archiving import stored
from creneau.demo.warehouse import WarehouseBeside
from creneau.demo.warehouse_result import Stored, WarehouseResult
from creneau.sandbox import emulator_road
from creneau.sandbox.emulator import EmulatorDidNotStartError
from creneau.sandbox.emulator_environment import NoInterpreterError
from warehouse.client import new_client
from warehouse.settings import WarehouseSettings

RECORDS = {"slot_events": 2}
EVENT = """
INSERT INTO slot_events (
    source_partition, source_offset, published_at, topic_id, range_from, range_to
) VALUES (0, {offset}, TIMESTAMP '2025-01-01', 't', 0, 2)
"""
SAID: list[str] = []
VIEW: Any = SimpleNamespace(say=SAID.append)


class Stage:
    """On which no emulator starts."""

    def __init__(self, why: Exception) -> None:
        self._why = why

    def start_emulator(self) -> str:
        raise self._why


def beside(stage: Any) -> WarehouseBeside:
    return WarehouseBeside(stage, VIEW, Future[list[Path]]())


def nothing_ahead() -> None:
    return None


def test_without_a_way_to_an_emulator_it_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise NoInterpreterError("no Python, no Docker")

    monkeypatch.setattr(emulator_road, "ahead", refuse)
    found = beside(Stage(AssertionError("not asked"))).finish(RECORDS)
    assert found == WarehouseResult(left_out="no Python, no Docker")


def test_without_googles_client_it_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "creneau.demo.archiving")
    monkeypatch.setitem(sys.modules, "warehouse.client", None)
    said = beside(Stage(AssertionError("not asked"))).finish(RECORDS).left_out
    assert said == "'warehouse.client' is absent: pip install 'creneau[warehouse]'"


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (EmulatorDidNotStartError("the emulator died"), "the emulator died"),
        (RuntimeError("a bug"), "RuntimeError: a bug"),
    ],
)
def test_whatever_goes_wrong_is_one_line_and_no_exception(
    monkeypatch: pytest.MonkeyPatch, why: Exception, said: str
) -> None:
    monkeypatch.setattr(emulator_road, "ahead", nothing_ahead)
    assert beside(Stage(why)).finish(RECORDS) == WarehouseResult(failure=said)


def test_closing_ends_what_is_under_way(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The installation here: it would take until the demo has long ended."""
    monkeypatch.setattr(emulator_road, "ahead", lambda: "it is installed once")
    started: list[Any] = []

    def start(_name: str, _arguments: object, **options: Any) -> Any:
        from creneau.demo.processes import start_python

        sleep = ["-c", "import time; time.sleep(600)"]
        started.append(start_python("install", sleep, **options))
        return started[-1]

    monkeypatch.setattr("creneau.demo.warehouse.start_python", start)
    part = beside(SimpleNamespace(folder=tmp_path))
    while not started:
        pass
    part.close()
    assert not started[0].running


def test_the_counts_show_a_row_too_many_and_one_that_stands_twice(
    warehouse: WarehouseSettings,
) -> None:
    client = new_client(warehouse)

    def archived(*offsets: int) -> WarehouseResult:
        client.query_and_wait("TRUNCATE TABLE slot_events")
        for offset in offsets:
            client.query_and_wait(EVENT.format(offset=offset))
        return WarehouseResult(RECORDS, stored(warehouse))

    assert archived(0, 1).passed
    assert archived(0, 1).stored["dead_letters"] == Stored(0, 0)
    assert not archived(0).passed
    assert not archived(0, 1, 2).passed
    twice = archived(0, 0)
    assert twice.differences == ["slot_events has 2 rows of 1 records, Kafka holds 2"]
