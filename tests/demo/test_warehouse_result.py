"""What the demo says of its warehouse, and when it counts as done."""

from dataclasses import replace
from pathlib import Path

import pytest

from creneau.demo.result import ReplayResult, Result
from creneau.demo.warehouse_result import Printed, Stored, WarehouseResult
from tests.demo.test_check import SOUND, verdict_on

KAFKA = SOUND.records
EQUAL = {table: Stored(records, records) for table, records in KAFKA.items()}
PASSED = WarehouseResult(KAFKA, EQUAL, [Printed("creneau report x", ["a  b", "1  2"])])
REPLAY = ReplayResult("r", 2, 2, 1.0, 0.0, Path("r.json"), verified=True, checked=2)
LATENCY = {"p50": 1.0, "p90": 2.0, "p99": 3.0}
STORY = Result(verdict_on(SOUND), REPLAY, KAFKA, LATENCY, 1.0, 1.0, executor_killed=True)


def test_the_reports_come_before_the_counts_and_all_is_well() -> None:
    assert PASSED.passed
    assert PASSED.lines() == [
        "$ creneau report x",
        "a  b",
        "1  2",
        "archived      4 of 4 slot_events, 5 of 5 slot_probabilities, 1 of 1 dead_letters: "
        "what Kafka holds, and what BigQuery's emulator has",
        "warehouse     passed",
    ]


@pytest.mark.parametrize(
    ("table", "has"),
    [
        ("slot_events", Stored(3, 3)),
        ("slot_probabilities", Stored(6, 5)),
        ("slot_probabilities", Stored(6, 6)),
        ("dead_letters", Stored(0, 0)),
        # One is lost and another one stands there twice.
        ("slot_events", Stored(4, 3)),
    ],
)
def test_what_is_not_exactly_what_kafka_holds_fails(table: str, has: Stored) -> None:
    found = replace(PASSED, stored=EQUAL | {table: has})
    difference = f"{table} has {has.rows} rows of {has.places} records, Kafka holds {KAFKA[table]}"
    assert not found.passed
    assert found.lines()[-1] == f"warehouse     FAILED: {difference}"
    assert found.as_json()["why"] == difference


def test_a_table_that_was_not_counted_fails() -> None:
    assert not replace(PASSED, stored={}).passed


def test_a_long_report_is_cut_and_says_by_how_much() -> None:
    long = replace(PASSED, reports=[Printed("x", [str(number) for number in range(20)])])
    assert long.lines()[8:10] == ["7", "… and 12 more"]


def test_the_storys_verdict_stands_whatever_the_warehouse_says() -> None:
    assert STORY.passed
    for warehouse in (
        WarehouseResult(failure="it broke"),
        replace(PASSED, stored=EQUAL | {"slot_events": Stored(5, 5)}),
    ):
        both = replace(STORY, warehouse=warehouse)
        assert both.lines() == STORY.lines()
        assert both.lines()[-1].startswith("passed: ")
        assert not both.passed
    assert WarehouseResult(failure="it broke").lines() == ["warehouse     FAILED: it broke"]


def test_a_warehouse_that_cannot_be_had_is_said_and_takes_nothing_from_the_story() -> None:
    left_out = WarehouseResult(left_out="no Python")
    assert left_out.lines() == ["warehouse     left out: no Python"]
    assert replace(STORY, warehouse=left_out).passed
    lost = replace(STORY, verdict=replace(STORY.verdict, lost=1))
    assert not replace(lost, warehouse=PASSED).passed
