"""The sample of a preview: never more than there is, and no event twice."""

from hypothesis import given
from hypothesis import strategies as st

from ledger.records import Interval
from replay.plan import make_plan
from replay.sampling import PLACES, STRETCH, sample_places

RANGES = st.dictionaries(
    st.integers(0, 2),
    st.lists(st.tuples(st.integers(0, 9_999), st.integers(0, 9_999)), max_size=4),
)


def offsets(places: list[Interval]) -> list[tuple[int, int]]:
    return [(p, offset) for p, start, end in places for offset in range(start, end)]


@given(RANGES)
def test_each_offset_is_sampled_once_and_is_affected(
    ranges: dict[int, list[tuple[int, int]]],
) -> None:
    affected = list(make_plan(ranges, {}).affected)
    sample, all_of_it = offsets(sample_places(affected)), offsets(affected)
    assert len(sample) == len(set(sample))
    assert set(sample) <= set(all_of_it)
    assert len(sample) <= PLACES * STRETCH
    assert bool(sample) == bool(all_of_it)


def test_of_few_events_all_are_taken() -> None:
    affected = [Interval(0, 3, 300), Interval(1, 10, 30)]
    assert sample_places(affected) == affected


def test_it_is_the_same_every_time() -> None:
    affected = [Interval(0, 0, 1_000_000)]
    assert sample_places(affected) == sample_places(affected)
