"""What the runs do not tell, offset by offset."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ledger.runs import Run
from replay.to_scan import ranges_to_scan


def reset(partition: int, offset: int) -> Run:
    return Run(partition, offset, offset, 9, None, reset=True)


def test_where_the_runs_meet_nothing_is_scanned() -> None:
    runs = [Run(0, 0, 8, 1, "a"), Run(0, 8, 20, 3, "b")]
    assert ranges_to_scan(runs, {0: 20}, {}, {}) == {}


def test_a_gap_below_the_fence_is_scanned_and_nothing_above_it() -> None:
    runs = [Run(0, 0, 8, 1, "a"), Run(0, 12, 20, 3, "b")]
    assert ranges_to_scan(runs, {0: 25}, {}, {}) == {0: [(8, 12), (20, 25)]}
    assert ranges_to_scan(runs, {}, {}, {}) == {}


def test_where_the_group_was_moved_all_is_scanned_above_the_fence_too() -> None:
    runs = [Run(0, 0, 20, 1, "a"), reset(0, 5), Run(1, 0, 9, 1, "a")]
    assert ranges_to_scan(runs, {0: 7, 1: 9}, {0: 30}, {}) == {0: [(0, 30)]}


def test_what_was_scored_before_the_first_known_run_is_scanned() -> None:
    assert ranges_to_scan([Run(0, 12, 20, 3, "b")], {0: 20}, {}, {0: 4}) == {0: [(4, 12)]}
    assert ranges_to_scan([Run(0, 12, 20, 3, "b")], {0: 20}, {}, {}) == {}
    assert ranges_to_scan([reset(0, 12)], {0: 12}, {0: 15}, {0: 4}) == {0: [(4, 15)]}


END = 25
RUNS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 20), st.integers(0, 6), st.integers(0, 12)).map(
        lambda t: reset(t[0], t[1]) if t[3] == 0 else Run(t[0], t[1], t[1] + t[2], t[3], "m")
    ),
    max_size=8,
)
OFFSETS = st.dictionaries(st.integers(0, 2), st.integers(0, END))


def untold(offset: int, own: list[Run], fence: int | None, earliest: int | None) -> bool:
    """Whether the runs of a partition do not say what has become of an offset."""
    first = min(run.from_offset for run in own)
    if offset < first:
        # Only an outcome that still stands there tells that there was a run at all.
        return earliest is not None and earliest <= offset
    if any(run.reset for run in own):
        return True
    covered = any(run.from_offset <= offset < run.to_offset for run in own)
    return not covered and fence is not None and offset < fence


@given(RUNS, OFFSETS, OFFSETS)
def test_an_offset_is_scanned_where_the_runs_do_not_tell_of_it(
    runs: list[Run], fences: dict[int, int], earliest: dict[int, int]
) -> None:
    found = ranges_to_scan(runs, fences, dict.fromkeys(range(3), END), earliest)
    for partition in range(3):
        own = [run for run in runs if run.source_partition == partition]
        ranges = found.get(partition, [])
        expected = [
            offset
            for offset in range(END)
            if own and untold(offset, own, fences.get(partition), earliest.get(partition))
        ]
        assert [offset for a, b in ranges for offset in range(a, b)] == expected
        assert all(before[1] < after[0] for before, after in pairwise(ranges))
    assert all(found.values())
