"""What a replay has to do."""

from hypothesis import given
from hypothesis import strategies as st

from ledger.runs import Run
from replay.plan import affected_ranges, cut, make_plan
from replay.totals import Disagreement, disagreements

BAD = frozenset({"bad"})


def test_the_runs_of_the_bad_model_are_affected_and_no_others() -> None:
    runs = [Run(0, 0, 10, 1, "good"), Run(0, 10, 20, 3, "bad"), Run(1, 0, 5, 3, "bad")]
    assert affected_ranges(runs, BAD) == {0: [(10, 20)], 1: [(0, 5)]}


def test_what_a_good_model_has_scored_again_is_not_affected() -> None:
    runs = [Run(0, 0, 20, 3, "bad"), Run(0, 5, 10, 7, "good", replay_id="r")]
    assert affected_ranges(runs, BAD) == {0: [(0, 5), (10, 20)]}


def test_a_replay_run_of_the_bad_model_is_affected_whatever_live_run_lies_above() -> None:
    runs = [Run(0, 0, 20, 5, "bad", replay_id="r"), Run(0, 10, 20, 9, "good")]
    assert affected_ranges(runs, BAD) == {0: [(0, 20)]}


def test_a_selection_cuts_and_leaves_other_partitions_out() -> None:
    ranges = {0: [(0, 10), (20, 30)], 1: [(0, 10)]}
    assert cut(ranges, {0: (5, 22), 2: (0, 9)}) == {0: [(5, 10), (20, 22)]}


def test_neighbours_are_merged_and_chunks_come_newest_first() -> None:
    plan = make_plan({0: [(0, 4), (4, 10)], 1: [(3, 5)]}, {0: 10, 1: 50}, chunk_offsets=5)
    assert plan.affected == ((0, 0, 10), (1, 3, 5))
    assert plan.chunks == ((0, 5, 10), (0, 0, 5), (1, 3, 5))


@given(
    st.dictionaries(
        st.integers(0, 3),
        st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=5),
    ),
    st.integers(1, 40),
)
def test_the_chunks_are_the_affected_ranges_each_offset_once(
    ranges: dict[int, list[tuple[int, int]]], most: int
) -> None:
    plan = make_plan(ranges, {}, chunk_offsets=most)
    offsets = [(p, offset) for p, start, end in plan.chunks for offset in range(start, end)]
    affected = [(p, offset) for p, start, end in plan.affected for offset in range(start, end)]
    assert sorted(offsets) == affected
    assert all(0 < end - start <= most for _, start, end in plan.chunks)


def test_the_canary_is_the_newest_share_to_the_offset() -> None:
    plan = make_plan({0: [(0, 100)], 1: [(0, 100)]}, {0: 100, 1: 100}, chunk_offsets=50, canary=0.3)
    assert plan.canary_chunks == 2
    assert plan.chunks[:2] == ((0, 50, 100), (1, 90, 100))
    assert plan.chunks[2:] == ((1, 50, 90), (0, 0, 50), (1, 0, 50))
    one = make_plan({0: [(0, 1_000)]}, {0: 1_000}, canary=0.01)
    assert (one.canary_chunks, one.chunks) == (1, ((0, 990, 1_000), (0, 0, 990)))


@given(
    st.dictionaries(
        st.integers(0, 3),
        st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=5),
    ),
    st.dictionaries(st.integers(0, 3), st.integers(100, 120)),
    st.integers(1, 40),
    st.floats(0.001, 0.999),
)
def test_a_canary_cuts_the_same_plan_once_more_at_most(
    ranges: dict[int, list[tuple[int, int]]], fences: dict[int, int], most: int, share: float
) -> None:
    whole = make_plan(ranges, fences, chunk_offsets=most)
    plan = make_plan(ranges, fences, chunk_offsets=most, canary=share)
    if not whole.chunks:
        assert plan == whole
        return
    assert plan.affected == whole.affected
    canary = plan.canary_chunks
    assert canary is not None
    lengths = [end - start for _, start, end in plan.chunks]
    assert sum(lengths[:canary]) == max(1, round(share * sum(lengths)))
    assert len(plan.chunks) - len(whole.chunks) in (0, 1)
    offsets = [(p, offset) for p, start, end in plan.chunks for offset in range(start, end)]
    assert sorted(offsets) == [
        (p, offset) for p, start, end in whole.affected for offset in range(start, end)
    ]
    # Still newest first, and the canary is what would have come first without it.
    ages = [fences.get(p, 0) - end for p, _, end in plan.chunks]
    assert ages == sorted(ages)
    assert list(whole.chunks[: canary - 1]) == list(plan.chunks[: canary - 1])


def test_totals_are_compared_where_whole_runs_are_replaced() -> None:
    live = [Run(0, 0, 10, 1, "bad", scored=4, dead=1), Run(0, 10, 20, 1, "bad", scored=5)]
    good = Run(0, 0, 20, 7, "good", replay_id="r", scored=9, dead=1)
    plan = make_plan({0: [(0, 20)]}, {0: 20})
    assert disagreements(plan.affected, [*live, good], "r", 7) == []
    short = Run(0, 0, 20, 7, "good", replay_id="r", scored=9)
    assert disagreements(plan.affected, [*live, short], "r", 7) == [
        Disagreement(plan.affected[0], 10, 9)
    ]


def test_totals_of_a_cut_run_are_not_compared() -> None:
    live = [Run(0, 0, 10, 1, "bad", scored=5)]
    plan = make_plan({0: [(0, 5)]}, {0: 10})
    assert disagreements(plan.affected, live, "r", 7) == []
