"""A batch is decoded to what its messages are decoded to one by one."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from model.features import columns_of
from model.instants import read_instants
from model.slots import Refused, decode_slots
from producer_contract.codec import Refusal, SlotCreatedRecord, decode_slot_created
from producer_contract.times import format_instant, parse_instant
from tests.contract.strategies import messages
from tests.model.events import Message, message

KEYS = st.sampled_from([b"slot-1", None, b"", b"slot-2", b"\xff"])


def one_by_one(batch: list[tuple[bytes | None, bytes | None]]) -> list[SlotCreatedRecord | Refused]:
    verdicts: list[SlotCreatedRecord | Refused] = []
    for key, value in batch:
        try:
            verdicts.append(decode_slot_created(value, key))
        except Refusal as refusal:
            verdicts.append(Refused(refusal.code, refusal.reason))
    return verdicts


def assert_the_same(batch: list[tuple[bytes | None, bytes | None]]) -> None:
    slots = decode_slots([key for key, _ in batch], [value for _, value in batch])
    verdicts = one_by_one(batch)
    events = {p: v for p, v in enumerate(verdicts) if isinstance(v, SlotCreatedRecord)}
    assert slots.refused == {p: v for p, v in enumerate(verdicts) if isinstance(v, Refused)}
    assert list(slots.places) == list(events)
    assert list(slots.slot_ids) == [event.slot_id for event in events.values()]
    assert list(slots.starts) == [format_instant(one.lesson_start_at) for one in events.values()]
    alone = columns_of(list(events.values()))
    assert list(slots.columns.partnership_type) == list(alone.partnership_type)
    for ours, theirs in zip(slots.columns[1:], alone[1:], strict=True):
        assert_array_equal(np.asarray(ours), np.asarray(theirs))


@settings(deadline=None)
@given(st.lists(st.tuples(KEYS, messages | st.none()), max_size=6))
def test_any_batch(batch: list[tuple[bytes | None, bytes | None]]) -> None:
    assert_the_same(list(batch))


UNUSUAL: list[Message] = [
    message("offset", lesson_start_at="2026-03-09T18:30:00+01:00"),
    message("whole-seconds", created_at="2026-03-02T09:30:00Z"),
    message("microseconds", created_at="2026-03-02T09:30:00.123456Z"),
    message(
        "long ago", created_at="1969-12-31T23:59:59.999Z", lesson_start_at="1970-01-02T00:00:00Z"
    ),
    message(
        "far", created_at="2399-01-01T00:00:00.000Z", lesson_start_at="2399-02-01T00:00:00.000Z"
    ),
    message(
        "leap days",
        created_at="2023-03-01T00:00:00.000Z",
        lesson_start_at="2026-03-01T00:00:00.000Z",
    ),
    message('é"\\\n'),
    message("long", unknown="x" * 500),
]
PLAIN = {"created_at": "2026-03-02T09:30:00.000Z", "lesson_start_at": "2026-03-09T17:30:00.250Z"}


def test_unusual_events_keep_their_place_among_plain_ones() -> None:
    plain = [message(f"slot-{number}", **PLAIN) for number in range(20)]
    batch = [each for pair in zip(plain, UNUSUAL, strict=False) for each in pair] + plain[8:]
    assert all(isinstance(verdict, SlotCreatedRecord) for verdict in one_by_one(list(batch)))
    assert_the_same(list(batch))


def test_refused_events_do_not_shift_the_others() -> None:
    batch: list[tuple[bytes | None, bytes | None]] = [
        message(f"slot-{n}", **PLAIN) for n in range(9)
    ]
    batch[1] = (b"slot-1", b"{")
    batch[3] = (b"another", batch[3][1])
    batch[4] = (None, batch[4][1])
    batch[6] = (b"slot-6", None)
    batch[8] = message("slot-8", **PLAIN | {"lesson_start_at": "2026-02-30T10:00:00.000Z"})
    assert_the_same(batch)


def test_a_batch_of_nothing() -> None:
    assert_the_same([])
    assert_the_same([(b"x", b"{"), (None, None)])


def test_the_plain_way_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("judged one by one")

    monkeypatch.setattr("model.slots.decode_slot_created", never)
    batch = [message(f"slot-{number}", **PLAIN) for number in range(5)]
    assert len(decode_slots([k for k, _ in batch], [v for _, v in batch]).places) == 5


@given(st.lists(st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31)), min_size=1, max_size=5))
def test_times_are_read_to_the_millisecond(found: list[datetime]) -> None:
    texts = [format_instant(moment.replace(tzinfo=UTC)) for moment in found]
    read, sound = read_instants(texts)
    assert sound.all()
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    exact = [(parse_instant(text) - epoch) // timedelta(milliseconds=1) for text in texts]
    assert read.tolist() == exact
    assert (read / 1_000).tolist() == [parse_instant(text).timestamp() for text in texts]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-02-29T00:00:00.000Z",
        "2026-13-01T00:00:00.000Z",
        "2026-00-01T00:00:00.000Z",
        "2026-01-00T00:00:00.000Z",
        "2026-01-01T24:00:00.000Z",
        "2026-01-01T00:60:00.000Z",
        "2026-01-01T00:00:60.000Z",
        "2026-01-01t00:00:00.000Z",
        "2026-01-01T00:00:00.000z",
        "2026-01-01T00:00:00,000Z",
        "2026-01-01T00:00:00.00:Z",
        "2026-01-01T00:00:00.00/Z",
        "2026-01-01T00:00:00.00٣Z",
        "1969-12-31T23:59:59.999Z",
        "2200-01-01T00:00:00.000Z",
        "2026-01-01T00:00:00Z",
    ],
)
def test_other_times_are_not_read(text: str) -> None:
    good = "2026-01-01T00:00:00.000Z"
    assert read_instants([good, text, good])[1].tolist() == [True, False, True]


def test_times_of_other_lengths_are_not_read_across_each_other() -> None:
    # Joined, these three are three good times.
    good = "2026-01-01T00:00:00.000Z"
    assert read_instants([good[:-1], "Z" + good, good])[1].tolist() == [False, False, True]
