"""The full judgement of an event, field by field: what is wrong with it, and which comes first.

The codec takes a short way when nothing is wrong and comes here otherwise, so this may be slower.
It can still find the event valid: msgspec refuses an event for a duplicate key's *first* value,
while the last one counts.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from producer_contract.compiled import CompiledModel
from producer_contract.events import MAX_BYTES
from producer_contract.refusal import Defect, refuse
from producer_contract.times import parse_instant

MAX_NESTING: Final = 128
"""Deepest nesting of objects and arrays in an event, unknown fields included.

Without a limit of ours the verdict would depend on how deep the caller's stack is (msgspec raises
RecursionError at Python's own limit), and it would differ between a worker and a replay.
"""

NESTING_NEEDS_BYTES: Final = 2 * MAX_NESTING + 128
"""A valid event shorter than this cannot be nested too deeply: its own fields take 128 bytes."""

GLOBE: Final = frozenset({"latitude", "longitude"})

_BRACKETS_AND_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{]|[\]}]', re.DOTALL)

CrossCheck = Callable[[Mapping[str, Any]], Iterable[Defect]]
"""Looks at the fields that are sound by themselves (absent otherwise) and says what clashes."""


def judge(compiled: CompiledModel, value: bytes | None, cross_check: CrossCheck) -> dict[str, Any]:
    """The fields of a valid event, times in UTC.

    Raises:
        Refusal: with the first code that applies.
    """
    value = value or b""
    whole = _defect_of_the_whole(value)
    if whole is not None:
        raise refuse(compiled.model, value, [whole])
    try:
        split = compiled.split(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise refuse(compiled.model, value, [Defect("not-json", "", _first_line(error))]) from None
    sound: dict[str, Any] = {}
    defects = list(_defects_of_fields(compiled, split, sound))
    defects += cross_check(sound)
    if defects:
        raise refuse(compiled.model, value, defects)
    return sound


def nested_too_deeply(value: bytes) -> bool:
    """Whether objects and arrays nest deeper than ``MAX_NESTING`` (brackets in strings aside)."""
    if value.count(b"[") + value.count(b"{") <= MAX_NESTING:
        return False
    depth = 0
    for token in _BRACKETS_AND_STRINGS.finditer(value):
        first = value[token.start()]
        if first in b"[{":
            depth += 1
            if depth > MAX_NESTING:
                return True
        elif first in b"]}":
            depth -= 1
    return False


def _defect_of_the_whole(value: bytes) -> Defect | None:
    if len(value) > MAX_BYTES:
        return Defect("too-large", "", f"{len(value)} bytes, at most {MAX_BYTES} are allowed")
    if not value:
        return Defect("not-json", "", "the value is empty")
    if nested_too_deeply(value):
        return Defect("not-json", "", f"nested deeper than {MAX_NESTING} levels")
    return None


def _defects_of_fields(
    compiled: CompiledModel, split: Any, sound: dict[str, Any]
) -> Iterator[Defect]:
    """What is wrong with each field; those that are right are put into ``sound``."""
    for name in compiled.fields:
        raw = getattr(split, name)
        if raw is msgspec.UNSET:
            yield Defect("missing-field", name, "Field required")
            continue
        token = bytes(raw)
        try:
            field = compiled.decode_field[name](token)
        except msgspec.ValidationError as error:
            yield Defect(_code_of(name, token), name, _first_line(error), token)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            yield Defect("not-json", name, _first_line(error))
        else:
            if name in compiled.times and field is not None:
                try:
                    field = parse_instant(field)
                except ValueError as error:
                    yield Defect("bad-time", name, str(error), token)
                    continue
            sound[name] = field


def _code_of(name: str, token: bytes) -> str:
    if name == "schema_version":
        return "unsupported-version"
    if name in GLOBE and token[:1] in b"-0123456789":
        return "outside-globe"  # a number: only the bounds can refuse it
    return "bad-field"


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0]
