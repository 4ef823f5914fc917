"""The vectors are the contract in another form: the codec must say what they say."""

from datetime import datetime
from typing import Any

import msgspec
import pytest

from producer_contract.codec import (
    Refusal,
    SlotCreatedRecord,
    SlotProbabilityRecord,
    decode_slot_created,
    decode_slot_probability,
)
from producer_contract.refusal import CODES
from tests.contract.vectors import Vector, event_vectors

CREATED = event_vectors("slot-created.json")
PROBABILITY = event_vectors("slot-probability.json")


@pytest.mark.parametrize("vector", CREATED, ids=lambda v: v.name)
def test_a_slot_created_vector_gets_its_verdict(vector: Vector) -> None:
    if vector.valid:
        assert _as_json(decode_slot_created(vector.value, vector.key)) == vector.decoded
        return
    with pytest.raises(Refusal) as caught:
        decode_slot_created(vector.value, vector.key)
    assert caught.value.code == vector.code
    assert caught.value.reason.strip()
    assert "\n" not in caught.value.reason
    assert len(caught.value.reason) < 300


@pytest.mark.parametrize("vector", PROBABILITY, ids=lambda v: v.name)
def test_a_slot_probability_vector_gets_its_verdict(vector: Vector) -> None:
    if vector.valid:
        assert _as_json(decode_slot_probability(vector.value)) == vector.decoded
        return
    with pytest.raises(Refusal) as caught:
        decode_slot_probability(vector.value)
    assert caught.value.code == vector.code


def test_there_are_vectors_for_every_code_and_enough_of_them() -> None:
    assert {vector.code for vector in CREATED} == {*CODES, None}
    assert sum(vector.valid for vector in CREATED) >= 30
    assert sum(not vector.valid for vector in CREATED) >= 30


def _as_json(record: SlotCreatedRecord | SlotProbabilityRecord) -> dict[str, Any]:
    return {
        name: value.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if isinstance(value, datetime) else value
        for name, value in msgspec.structs.asdict(record).items()
    }
