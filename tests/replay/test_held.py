"""What verify holds of a window of offsets, whatever the batches that outputs come in."""

from datetime import UTC, datetime
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from ledger.records import Interval
from producer_contract.codec import encode_slot_probability
from replay.verify import Held

START, END = 100, 104
EPOCH = 5
MOMENT = datetime(2026, 11, 24, tzinfo=UTC)

Output = tuple[int, int, float | None, str]
"""Source offset, epoch, probability, model."""

outputs = st.lists(
    st.tuples(
        st.integers(START - 1, END),
        st.integers(3, 7),
        st.sampled_from([None, 0.5]),
        st.sampled_from(["bad", "good"]),
    ),
    max_size=30,
)


def encoded(output: Output, partition: int = 0) -> bytes:
    offset, epoch, probability, model = output
    return encode_slot_probability(
        slot_id=f"slot-{offset}",
        probability=probability,
        model_version=model,
        epoch=epoch,
        source_partition=partition,
        source_offset=offset,
        lesson_start_at=MOMENT,
        scored_at=MOMENT,
        replay_id=None,
    )


def held_by_a_reader(seen: list[Output], offset: int) -> Output | None:
    """By the reader's rule, one after the other."""
    held: Output | None = None
    for output in seen:
        if output[0] == offset and (held is None or output[1] >= held[1]):
            held = output
    return held


def left_behind(held: Output | None) -> bool:
    """No dead letters here."""
    return held is None or held[2] is None or held[3] == "bad" or held[1] < EPOCH


@given(outputs, st.integers(1, 7))
def test_each_offset_is_judged_by_what_a_reader_holds(seen: list[Output], batch: int) -> None:
    held = Held([Interval(0, START, END)], EPOCH, frozenset({"bad"}))
    rest = iter(seen)
    while part := list(islice(rest, batch)):
        held.see([encoded(output) for output in part])
    offsets = range(START, END)
    doubtful = {offsets[place] for place in held.doubtful(offsets)}
    for offset in offsets:
        wrong = held.why_left_behind(offset) is not None
        assert wrong == left_behind(held_by_a_reader(seen, offset))
        # Only those are looked at.
        assert offset in doubtful or not wrong


def test_other_partitions_and_broken_outputs_are_nobodys() -> None:
    held = Held([Interval(0, START, END)], EPOCH, frozenset({"bad"}))
    held.see([None, b"{", encoded((START, 9, 0.5, "bad"), partition=1)])
    held.see([encoded((START, EPOCH, 0.5, "good"))])
    assert held.why_left_behind(START) is None
    assert held.doubtful([START]) == []
