"""The reader's rule, on its vectors and on any history."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer_contract.changes import changes
from producer_contract.held import Held, HeldInMemory, HeldInSQLite, HeldProbabilities
from producer_contract.records import SlotProbabilityRecord
from producer_contract.rule import applies
from tests.contract.vectors import read

NOON = datetime(2026, 12, 5, 12, tzinfo=UTC)


def an_output(**fields: Any) -> SlotProbabilityRecord:
    defaults: dict[str, Any] = {
        "schema_version": 1,
        "slot_id": "a",
        "probability": 0.4,
        "model_version": "m1",
        "epoch": 1,
        "source_partition": 0,
        "source_offset": 5,
        "lesson_start_at": NOON,
        "scored_at": NOON,
        "replay_id": None,
    }
    return SlotProbabilityRecord(**defaults | fields)


@pytest.fixture(params=["memory", "sqlite"])
def held(request: pytest.FixtureRequest, tmp_path: Path) -> HeldProbabilities:
    return HeldInMemory() if request.param == "memory" else HeldInSQLite(tmp_path / "held.db")


@pytest.mark.parametrize("vector", read("readers-rule.json"), ids=lambda v: v["name"])
@pytest.mark.parametrize("at_once", [1, 100])
def test_a_sequence_is_handed_over_and_held_as_its_vector_says(
    vector: dict[str, Any], at_once: int, held: HeldProbabilities
) -> None:
    outputs = [an_output(**fields) for fields in vector["outputs"]]
    handed_over = []
    for start in range(0, len(outputs), at_once):
        batch = outputs[start : start + at_once]
        changed, touched = changes(held.get({output.slot_id for output in batch}), batch)
        held.put(touched)
        handed_over += [change.now for change in changed]
    assert handed_over == [outputs[index] for index in vector["handed_over"]]
    now = held.get({output.slot_id for output in outputs})
    assert [_shown(slot_id, now[slot_id]) for slot_id in sorted(now)] == vector["held"]


def test_a_change_says_what_was_held_before() -> None:
    first, second = an_output(), an_output(epoch=3, probability=None, model_version="m2")
    changed, _ = changes({}, [first, second])
    assert [(change.before, change.withdrawn) for change in changed] == [
        (None, False),
        (Held(5, 1, 0.4, "m1"), True),
    ]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from([None, 0.1, 0.9]))))
def test_what_is_held_is_the_highest_and_of_equals_the_last(
    history: list[tuple[int, int, float | None]],
) -> None:
    outputs = [an_output(source_offset=o, epoch=e, probability=p) for o, e, p in history]
    _, touched = changes({}, outputs)
    if history:
        top = max((o, e) for o, e, _ in history)
        last = [p for o, e, p in history if (o, e) == top][-1]
        assert touched["a"] == Held(*top, last, "m1")
    else:
        assert touched == {}


def test_nothing_held_lets_anything_apply() -> None:
    assert applies(None, (0, 0))


def test_sqlite_keeps_what_is_held_and_never_goes_back(tmp_path: Path) -> None:
    one, other = HeldInSQLite(tmp_path / "held.db"), HeldInSQLite(tmp_path / "held.db")
    one.put({"a": Held(5, 3, None, "m2")})
    other.put({"a": Held(5, 1, 0.4, "m1")})
    assert HeldInSQLite(tmp_path / "held.db").get(["a", "b"]) == {"a": Held(5, 3, None, "m2")}


def test_sqlite_finds_more_slots_than_it_takes_placeholders(tmp_path: Path) -> None:
    held = HeldInSQLite(tmp_path / "held.db")
    many = {f"slot-{n}": Held(n, 1, 0.5, "m") for n in range(40_000)}
    held.put(many)
    assert held.get(list(many)) == many


def _shown(slot_id: str, held: Held) -> dict[str, Any]:
    return {
        "slot_id": slot_id,
        "source_offset": held.source_offset,
        "epoch": held.epoch,
        "probability": held.probability,
        "model_version": held.model_version,
    }
