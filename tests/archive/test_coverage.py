"""What the archive has, and what it has not."""

from hypothesis import given
from hypothesis import strategies as st

from ledger.in_force import merged, without
from warehouse.archive.coverage import Gap, first_gap

SPANS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 10)).map(lambda s: (s[0], s[0] + s[1])),
    max_size=12,
)


def offsets(spans: list[tuple[int, int]]) -> set[int]:
    return {offset for a, b in spans for offset in range(a, b)}


@given(SPANS)
def test_merging_changes_no_offset(spans: list[tuple[int, int]]) -> None:
    assert offsets(merged(spans)) == offsets(spans)


@given(SPANS, st.integers(0, 40), st.integers(0, 40))
def test_what_is_missing_is_what_no_span_has(
    spans: list[tuple[int, int]], start: int, length: int
) -> None:
    wanted = set(range(start, start + length))
    assert offsets(without([(start, start + length)], spans)) == wanted - offsets(spans)


@given(SPANS, st.integers(0, 80))
def test_going_on_in_gaps_reads_every_missing_offset_once(
    spans: list[tuple[int, int]], start: int
) -> None:
    end, offset = 90, start
    read: list[int] = []
    while offset < end:
        gap = first_gap(spans, offset)
        offset = end if gap.limit is None else gap.limit
        read += range(gap.start, offset)
    assert read == sorted(set(range(start, end)) - offsets(spans))


def test_behind_everything_there_is_no_limit() -> None:
    assert first_gap([(0, 5), (5, 9)], 2) == Gap(9, None)
