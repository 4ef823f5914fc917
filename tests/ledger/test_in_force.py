"""Which run counts where."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ledger.in_force import gaps, merged, segments, without
from ledger.runs import Run


def run(start: int, end: int, epoch: int, model: str = "m", **fields: int) -> Run:
    return Run(0, start, end, epoch, model, **fields)


def shown(runs: list[Run]) -> list[tuple[int, int, int]]:
    return [(one.from_offset, one.to_offset, one.run.epoch) for one in segments(runs)]


def test_a_later_epoch_covers_an_earlier_one() -> None:
    assert shown([run(0, 10, 1), run(4, 6, 3)]) == [(0, 4, 1), (4, 6, 3), (6, 10, 1)]


def test_an_earlier_epoch_written_later_covers_nothing() -> None:
    assert shown([run(4, 6, 3), run(0, 10, 1)]) == [(0, 4, 1), (4, 6, 3), (6, 10, 1)]


def test_an_empty_run_covers_nothing() -> None:
    assert shown([run(0, 10, 1), run(4, 4, 3)]) == [(0, 10, 1)]


def test_of_runs_at_one_epoch_the_later_in_the_log_counts() -> None:
    first, second = run(0, 10, 1, "first"), run(5, 15, 1, "second")
    found = [
        (one.from_offset, one.to_offset, one.run.model_version) for one in segments([first, second])
    ]
    assert found == [(0, 5, "first"), (5, 15, "second")]


def test_a_cut_run_is_counted_in_proportion() -> None:
    first, second = segments([run(0, 10, 1, scored=4, dead=1), run(5, 10, 2, scored=3)])
    assert (first.whole, first.events) == (False, 2.5)
    assert (second.whole, second.events) == (True, 3)


def test_a_gap_lies_between_the_first_run_and_the_fence() -> None:
    assert gaps([run(5, 8, 1), run(10, 12, 1)], fence=20) == [(8, 10), (12, 20)]
    assert gaps([run(5, 20, 1)], fence=20) == []
    assert gaps([], fence=20) == []


RANGES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=8)


def points(ranges: list[tuple[int, int]]) -> set[int]:
    return {offset for start, end in ranges for offset in range(start, end)}


@given(RANGES)
def test_a_union_is_disjoint_ordered_and_the_same_offsets(ranges: list[tuple[int, int]]) -> None:
    union = merged(ranges)
    assert points(union) == points(ranges)
    assert all(a[1] < b[0] for a, b in pairwise(union))


@given(RANGES, RANGES)
def test_a_difference_is_what_is_left(
    ranges: list[tuple[int, int]], taken: list[tuple[int, int]]
) -> None:
    assert points(without(ranges, taken)) == points(ranges) - points(taken)


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 5)).map(
            lambda t: run(min(t[0], t[1]), max(t[0], t[1]), t[2])
        ),
        max_size=10,
    )
)
def test_each_offset_has_the_run_of_the_highest_epoch(runs: list[Run]) -> None:
    found = segments(runs)
    for offset in range(31):
        covering = [one.epoch for one in runs if one.from_offset <= offset < one.to_offset]
        here = [s.run.epoch for s in found if s.from_offset <= offset < s.to_offset]
        assert here == ([max(covering)] if covering else [])
    assert all(a.to_offset <= b.from_offset for a, b in pairwise(found))
    assert not any(a.run is b.run and a.to_offset == b.from_offset for a, b in pairwise(found))
