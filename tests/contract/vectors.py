"""Reads the test vectors as anyone would, from the files."""

import base64
import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class Vector:
    name: str
    value: bytes | None
    key: bytes | None
    valid: bool
    code: str | None
    decoded: dict[str, Any] | None


def read(name: str) -> list[dict[str, Any]]:
    text = (files("producer_contract") / "vectors" / name).read_text("utf-8")
    vectors: list[dict[str, Any]] = json.loads(text)["vectors"]
    return vectors


def event_vectors(name: str) -> list[Vector]:
    return [
        Vector(
            name=raw["name"],
            value=_value(raw),
            key=_key(raw),
            valid=raw["valid"],
            code=raw["code"],
            decoded=raw["decoded"],
        )
        for raw in read(name)
    ]


def _value(raw: dict[str, Any]) -> bytes | None:
    if "value_base64" in raw:
        return base64.b64decode(raw["value_base64"])
    if "value_parts" in raw:
        return "".join(part["text"] * part["times"] for part in raw["value_parts"]).encode()
    text: str | None = raw["value"]
    return None if text is None else text.encode()


def _key(raw: dict[str, Any]) -> bytes | None:
    if "key_base64" in raw:
        return base64.b64decode(raw["key_base64"])
    key: str | None = raw.get("key")
    return None if key is None else key.encode()
