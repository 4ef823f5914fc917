"""The rows that the records of a log must have become; the archive's own making is not used."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from typing import Any

from confluent_kafka import Message

from producer_contract.codec import Refusal, decode_slot_created

Row = Mapping[str, Any]
HOW_LOADED = ("topic_id", "range_from", "range_to")


def said(row: Row) -> dict[str, Any]:
    """A row without what tells how it was loaded."""
    return {name: value for name, value in row.items() if name not in HOW_LOADED}


def expected(table: str, message: Message) -> dict[str, Any]:
    """The row of this record in its table, without what tells how it was loaded."""
    return _MAKERS[table](message)


def assert_ranges(rows: Iterable[tuple[int, int, int, int]]) -> None:
    """Rows (partition, offset, range from, range to) lie in their ranges, which leave no gap."""
    for partition, its in groupby(sorted(rows), key=lambda row: row[0]):
        ranges = set()
        for _, offset, start, end in its:
            assert start <= offset < end, f"[{partition}] {offset} lies outside {start} to {end}"
            ranges.add((start, end))
        for before, after in pairwise(sorted(ranges)):
            assert before[1] == after[0], f"[{partition}] {after} does not follow on {before}"


def _published(message: Message) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=message.timestamp()[1])


def _bytes_of(message: Message) -> dict[str, Any]:
    headers: Any = message.headers() or ()
    return {
        "published_at": _published(message),
        "key": message.key(),
        "value": message.value(),
        "headers": [{"name": name, "value": value} for name, value in headers],
    }


def _slot_event(message: Message) -> dict[str, Any]:
    code = None
    try:
        decode_slot_created(message.value(), message.key())
    except Refusal as refusal:
        code = refusal.code
    place = {"source_partition": message.partition(), "source_offset": message.offset()}
    return {**_bytes_of(message), **place, "code": code}


def _dead_letter(message: Message) -> dict[str, Any]:
    headers: Any = message.headers()
    ours = {name.removeprefix("creneau-"): value.decode() for name, value in headers}
    return {
        **_bytes_of(message),
        "source_partition": int(ours["partition"]),
        "source_offset": int(ours["offset"]),
        "epoch": int(ours["epoch"]),
        "replay_id": ours.get("replay-id"),
        "code": ours["code"],
        "reason": ours["reason"],
        "version": ours["version"],
        "log_partition": message.partition(),
        "log_offset": message.offset(),
    }


def _slot_probability(message: Message) -> dict[str, Any]:
    output = json.loads(message.value() or b"")
    start = output["lesson_start_at"]
    return {
        **{name: output.get(name) for name in _OF_OUTPUTS},
        "lesson_start_at": None if start is None else datetime.fromisoformat(start),
        "scored_at": datetime.fromisoformat(output["scored_at"]),
        "published_at": _published(message),
        "log_partition": message.partition(),
        "log_offset": message.offset(),
    }


_OF_OUTPUTS = (
    "slot_id",
    "probability",
    "model_version",
    "epoch",
    "source_partition",
    "source_offset",
    "replay_id",
)

_MAKERS: Mapping[str, Callable[[Message], dict[str, Any]]] = {
    "slot_events": _slot_event,
    "dead_letters": _dead_letter,
    "slot_probabilities": _slot_probability,
}
