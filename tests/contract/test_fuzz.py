"""The decoder never crashes, and agrees with pydantic save for a listed set of exceptions."""

import os
import re
from collections.abc import Callable
from typing import TypeVar

import msgspec
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from producer_contract import codec
from producer_contract.codec import Refusal, SlotCreatedRecord, decode_slot_created_value
from producer_contract.events import SlotCreated
from producer_contract.judge import MAX_NESTING, judge
from producer_contract.refusal import CODES
from tests.contract.strategies import messages

thorough = settings(
    max_examples=int(os.environ.get("CRENEAU_FUZZ_EXAMPLES", "400")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

WE_ACCEPT_PYDANTIC_REFUSES: dict[str, Callable[[bytes, str], bool]] = {
    "invalid UTF-8 where nothing is read: a field or a name that nobody knows": (
        lambda value, _: not _is_utf8(value)
    ),
    "a number out of its range in a field nobody knows, or in an earlier duplicate": (
        lambda _, said: "number out of range" in said
    ),
}
"""By name: given the value and pydantic's words."""

WE_REFUSE_PYDANTIC_ACCEPTS: dict[str, Callable[[bytes, Refusal], bool]] = {
    "more than 65,536 bytes": lambda _, refusal: refusal.code == "too-large",
    "NaN and Infinity, which are not JSON, in a field nobody knows": (
        lambda value, refusal: (
            refusal.code == "not-json" and re.search(rb"NaN|Infinity", value) is not None
        )
    ),
    f"nesting deeper than {MAX_NESTING} levels (pydantic stops near 200)": (
        lambda _, refusal: refusal.code == "not-json" and "nested" in refusal.reason
    ),
    "schema_version true or 1.0, which Python takes for 1": (
        lambda _, refusal: refusal.code == "unsupported-version"
    ),
}
"""By name: given the value and our refusal."""


@thorough
@given(messages, st.one_of(st.none(), st.binary(max_size=70), st.just(b"slot-1")))
def test_whatever_comes_is_an_event_or_a_refusal(value: bytes, key: bytes | None) -> None:
    verdict = _verdict(lambda: codec.decode_slot_created(value, key))
    if isinstance(verdict, Refusal):
        event(verdict.code)
        assert verdict.code in CODES
        assert verdict.reason.encode()
    else:
        assert verdict.slot_id.encode() == key
        codec.decode_slot_created(codec.encode_slot_created(verdict), key)


@thorough
@given(messages)
def test_the_decoder_and_pydantic_agree_save_for_the_listed_exceptions(value: bytes) -> None:
    ours, theirs = _verdict(lambda: decode_slot_created_value(value)), _pydantics(value)
    match ours, theirs:
        case SlotCreatedRecord(), SlotCreated():
            assert msgspec.structs.asdict(ours) == theirs.model_dump()
        case SlotCreatedRecord(), str():
            assert any(known(value, theirs) for known in WE_ACCEPT_PYDANTIC_REFUSES.values()), (
                f"pydantic alone refuses: {theirs}"
            )
        case Refusal(), SlotCreated():
            assert any(known(value, ours) for known in WE_REFUSE_PYDANTIC_ACCEPTS.values()), (
                f"only the decoder refuses: {ours}"
            )


@thorough
@given(messages)
def test_the_short_way_and_the_full_judgement_agree(value: bytes) -> None:
    short = _verdict(lambda: decode_slot_created_value(value))
    full = _verdict(lambda: judge(codec.CREATED, value, codec._created_clashes))
    if isinstance(short, Refusal):
        assert str(short) == str(full)
    else:
        assert msgspec.structs.asdict(short) == full


@thorough
@given(messages)
def test_a_probability_decoder_never_crashes_either(value: bytes) -> None:
    verdict = _verdict(lambda: codec.decode_slot_probability(value))
    assert not isinstance(verdict, Refusal) or verdict.code in CODES


Event = TypeVar("Event")


def _verdict(decode: Callable[[], Event]) -> Event | Refusal:
    try:
        return decode()
    except Refusal as refusal:
        return refusal


def _pydantics(value: bytes) -> SlotCreated | str:
    try:
        return SlotCreated.model_validate_json(value)
    except ValidationError as error:
        return "; ".join(line["msg"] for line in error.errors(include_url=False))


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
