"""A batch of probabilities is written as they are one by one."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer_contract.codec import encode_slot_probability
from producer_contract.encoding import ProbabilityEncoder
from producer_contract.times import format_instant

ROWS = st.tuples(
    st.text(min_size=1, max_size=64),
    st.floats(0, 1) | st.sampled_from([0.0, -0.0, 1.0, 5e-324, 1e-7, 0.1 + 0.2]),
    st.integers(0, 2**31),
    st.integers(0, 2**63),
    st.datetimes(timezones=st.just(UTC)),
)


@given(
    st.lists(ROWS, max_size=5),
    st.text(min_size=1, max_size=64),
    st.none() | st.text(min_size=1, max_size=64),
    st.datetimes(timezones=st.just(UTC)),
)
def test_byte_for_byte(
    rows: list[tuple[str, float, int, int, datetime]],
    model_version: str,
    replay_id: str | None,
    scored_at: datetime,
) -> None:
    encoder = ProbabilityEncoder(
        model_version=model_version, epoch=17, scored_at=scored_at, replay_id=replay_id
    )
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], [], []]
    slot_ids, probabilities, partitions, offsets, starts = columns
    found = encoder.values(
        slot_ids, probabilities, [format_instant(one) for one in starts], partitions, offsets
    )
    assert found == [
        encode_slot_probability(
            slot_id=slot_id,
            probability=probability,
            model_version=model_version,
            epoch=17,
            source_partition=partition,
            source_offset=offset,
            lesson_start_at=start,
            scored_at=scored_at,
            replay_id=replay_id,
        )
        for slot_id, probability, partition, offset, start in rows
    ]


@pytest.mark.parametrize("wrong", [float("nan"), -1e-9, 1.0000001, float("inf")])
def test_what_is_not_a_probability_is_not_written(wrong: float) -> None:
    encoder = ProbabilityEncoder(
        model_version="m", epoch=1, scored_at=datetime(2026, 1, 1, tzinfo=UTC), replay_id=None
    )
    start = "2026-01-01T00:00:00.000Z"
    with pytest.raises(ValueError, match="not a probability"):
        encoder.values(["a", "b"], [0.5, wrong], [start, start], [0, 0], [1, 2])
