"""The contract for people and programs that are not Python: JSON Schema and AsyncAPI 3.

Made from the pydantic models and from nothing else. ``producer_contract/schema/`` holds the result,
and a test keeps it current.
"""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from producer_contract import topics
from producer_contract.errors import BadUseError
from producer_contract.events import MAX_BYTES, SlotCreated, SlotProbability
from producer_contract.refusal import CODES

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_EVENTS: Final[dict[str, tuple[type[BaseModel], str]]] = {
    topics.SLOT_CREATED: (SlotCreated, "slotCreated"),
    topics.SLOT_PROBABILITY: (SlotProbability, "slotProbability"),
}


def documents() -> dict[str, dict[str, Any]]:
    """Every document by its file name."""
    schemas: dict[str, dict[str, Any]] = {
        f"{topic}.schema.json": {"$schema": DIALECT, **json_schema(model)}
        for topic, (model, _) in _EVENTS.items()
    }
    return {"asyncapi.json": asyncapi(), **schemas}


def write_documents(folder: Path) -> list[Path]:
    """Write every document into ``folder``, which is made if need be.

    Raises:
        BadUseError: the folder cannot be written.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, document in documents().items():
            (folder / name).write_text(as_text(document), "utf-8")
            written.append(folder / name)
    except OSError as error:
        raise BadUseError(
            f"{folder} cannot be written ({error.strerror}); give another folder with --out"
        ) from error
    return written


def as_text(document: dict[str, Any]) -> str:
    """A document as it stands in its file."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of an event. What it cannot say (a key that equals ``slot_id``, one time
    before another, the size) stands in the descriptions."""
    return model.model_json_schema(mode="validation")


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3 document, from the point of view of Créneau."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Créneau",
            "version": version("creneau-contract"),
            "description": "Booking probabilities for driving-lesson slots. A slot app publishes "
            "each new slot once and reads the probabilities, corrections included.",
        },
        "defaultContentType": "application/json",
        "channels": {
            name: _channel(topic, model, name) for topic, (model, name) in _EVENTS.items()
        },
        "operations": {
            "receiveSlotCreated": _operation(
                "receive",
                "slotCreated",
                f"Score each new slot. At most {MAX_BYTES} bytes; refused for the first of: "
                + ", ".join(CODES)
                + ".",
            ),
            "sendSlotProbability": _operation(
                "send",
                "slotProbability",
                "Announce a probability, a correction or a withdrawal. Read committed, and apply "
                "an output when its (source_offset, epoch) is not below the one held for the slot.",
            ),
        },
        "components": {
            "messages": {
                name: _message(model, topic, name) for topic, (model, name) in _EVENTS.items()
            },
            "schemas": {name: json_schema(model) for model, name in _EVENTS.values()},
        },
    }


def _channel(topic: str, model: type[BaseModel], name: str) -> dict[str, Any]:
    return {
        "address": topic,
        "description": _summary(model),
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        "bindings": {
            "kafka": {
                "topic": topic,
                "partitions": topics.PARTITIONS,
                "topicConfiguration": {"cleanup.policy": ["delete"]},
                "bindingVersion": "0.5.0",
            }
        },
    }


def _operation(action: str, name: str, summary: str) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{name}"},
        "summary": summary,
        "messages": [{"$ref": f"#/channels/{name}/messages/{name}"}],
    }


def _message(model: type[BaseModel], topic: str, name: str) -> dict[str, Any]:
    example = {
        field: info.examples[0] for field, info in model.model_fields.items() if info.examples
    }
    return {
        "name": topic,
        "title": model.__name__,
        "summary": _summary(model),
        "contentType": "application/json",
        "payload": {"$ref": f"#/components/schemas/{name}"},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": "slot_id in UTF-8."},
                "bindingVersion": "0.5.0",
            }
        },
        "examples": [{"name": "plain", "payload": example}],
    }


def _summary(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").split("\n", 1)[0]
