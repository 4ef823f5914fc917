"""What a replay has to do."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from ledger.runs import Run
from replay.plan import affected_ranges, cut, make_plan
from replay.totals import Disagreement, disagreements

BAD = frozenset({"bad"})
RANGES = st.dictionaries(
    st.integers(0, 3),
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=5),
)


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


@given(RANGES, st.integers(1, 40))
def test_the_chunks_are_the_affected_ranges_each_offset_once(
    ranges: dict[int, list[tuple[int, int]]], most: int
) -> None:
    plan = make_plan(ranges, {}, chunk_offsets=most)
    offsets = [(p, offset) for p, start, end in plan.chunks for offset in range(start, end)]
    affected = [(p, offset) for p, start, end in plan.affected for offset in range(start, end)]
    assert sorted(offsets) == affected
    assert all(0 < end - start <= most for _, start, end in plan.chunks)


def test_the_canary_is_the_newest_share_of_each_partition_to_the_offset() -> None:
    plan = make_plan({0: [(0, 100)], 1: [(0, 100)]}, {0: 100, 1: 100}, chunk_offsets=50, canary=0.3)
    assert plan.canary_chunks == 2
    assert plan.chunks[:2] == ((0, 70, 100), (1, 70, 100))
    assert plan.chunks[2:] == ((0, 35, 70), (1, 35, 70), (0, 0, 35), (1, 0, 35))
    one = make_plan({0: [(0, 1_000)]}, {0: 1_000}, canary=0.01)
    assert (one.canary_chunks, one.chunks) == (1, ((0, 990, 1_000), (0, 0, 990)))


def test_of_eight_equal_partitions_the_canary_takes_the_newest_of_each() -> None:
    ends = dict.fromkeys(range(8), 100_000)
    plan = make_plan({p: [(0, end)] for p, end in ends.items()}, ends, canary=0.01)
    assert plan.canary_chunks == 8
    assert plan.chunks[:8] == tuple((p, 99_000, 100_000) for p in range(8))


def each_offset(chunks: Iterable[tuple[int, int, int]]) -> list[tuple[int, int]]:
    return [(p, offset) for p, start, end in chunks for offset in range(start, end)]


@given(
    RANGES,
    st.dictionaries(st.integers(0, 3), st.integers(100, 120)),
    st.integers(1, 40),
    st.floats(0.001, 0.999),
)
def test_a_canary_only_reorders_and_cuts_the_same_plan(
    ranges: dict[int, list[tuple[int, int]]], fences: dict[int, int], most: int, share: float
) -> None:
    whole = make_plan(ranges, fences, chunk_offsets=most)
    plan = make_plan(ranges, fences, chunk_offsets=most, canary=share)
    if not whole.chunks:
        assert plan == whole
        return
    assert plan.affected == whole.affected
    assert sorted(each_offset(plan.chunks)) == each_offset(whole.affected)
    assert all(0 < end - start <= most for _, start, end in plan.chunks)
    partitions = {p for p, _, _ in whole.affected}
    assert len(plan.chunks) - len(whole.chunks) <= len(partitions)
    canary = plan.canary_chunks
    assert canary is not None
    # Newest first among the canary, and among the rest.
    for part in (plan.chunks[:canary], plan.chunks[canary:]):
        ages = [fences.get(p, 0) - end for p, _, end in part]
        assert ages == sorted(ages)


@given(RANGES, st.integers(1, 40), st.floats(0.001, 0.999))
def test_the_canary_is_the_newest_of_each_partition_in_proportion(
    ranges: dict[int, list[tuple[int, int]]], most: int, share: float
) -> None:
    plan = make_plan(ranges, {}, chunk_offsets=most, canary=share)
    canary = each_offset(plan.chunks[: plan.canary_chunks or 0])
    affected = each_offset(plan.affected)
    if not affected:
        return
    wanted = max(1, round(share * len(affected)))
    assert len(canary) == wanted
    for partition in {p for p, _ in affected}:
        own = [offset for p, offset in affected if p == partition]
        taken = sorted(offset for p, offset in canary if p == partition)
        assert taken == own[len(own) - len(taken) :]
        assert abs(len(taken) - wanted * len(own) / len(affected)) < 1


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
