"""The exported documents: current, well formed, and of one mind with the decoder."""

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from producer_contract.codec import decode_slot_created_value, decode_slot_probability
from producer_contract.documents import as_text, asyncapi, documents
from tests.contract.vectors import Vector, event_vectors

STRICTER_THAN_A_SCHEMA_CAN_SAY = {
    "time: a 30 February",
    "time: a month 13",
    "time: year 0",
    "time: before year 1 in UTC",
    "time: a line feed at the end",  # Python's $ also matches before a final line feed
    "one millisecond more than three years ahead",
    "three years after a 29 February do not reach 1 March",
    "version 1.0",
    "minutes as 60.0",
    "minutes with an exponent",
    "probability without a start",
}

BEYOND_A_SCHEMA = {"too-large", "not-json", "starts-before-created", "key-mismatch"}


@pytest.mark.parametrize("name", documents())
def test_a_document_checked_in_is_the_one_that_export_writes(name: str) -> None:
    checked_in = (files("producer_contract") / "schema" / name).read_text("utf-8")
    assert checked_in == as_text(documents()[name]), (
        "run: creneau contract export --out producer_contract/schema"
    )


def test_a_schema_judges_the_vectors_as_the_decoder_does_save_for_what_it_cannot_say() -> None:
    disagreed = set()
    for topic in ("slot-created", "slot-probability"):
        schema = documents()[f"{topic}.schema.json"]
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        for vector in event_vectors(f"{topic}.json"):
            event = _as_python_reads(vector)
            if event is None or vector.code in BEYOND_A_SCHEMA:
                continue
            if validator.is_valid(event) != vector.valid:
                disagreed.add(vector.name)
    assert disagreed == STRICTER_THAN_A_SCHEMA_CAN_SAY


def test_the_examples_are_events() -> None:
    messages = asyncapi()["components"]["messages"]
    created = messages["slotCreated"]["examples"][0]["payload"]
    probability = messages["slotProbability"]["examples"][0]["payload"]
    decode_slot_created_value(json.dumps(created).encode())
    decode_slot_probability(json.dumps(probability).encode())


def test_every_reference_in_the_asyncapi_document_leads_somewhere() -> None:
    document = asyncapi()
    references = list(_references(document))
    assert references
    for reference in references:
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
        assert place


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        for inner in part.values():
            yield from _references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _references(inner)


def _as_python_reads(vector: Vector) -> Any:
    try:
        return json.loads(vector.value or b"")
    except ValueError:
        return None
    except RecursionError:
        return None
