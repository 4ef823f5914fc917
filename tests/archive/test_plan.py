"""Plans, and what is committed of them."""

import tracemalloc
from array import array

from hypothesis import given
from hypothesis import strategies as st

from warehouse.archive.plan import Plan, Span, Spent, Standing, encode, parse, refused_spans

OFFSETS = st.integers(0, 10**12)


@st.composite
def logs(draw: st.DrawFn) -> tuple[int, int, list[int], list[int]]:
    """A range and its good and bad records: gaps in the offsets are markers."""
    start = draw(st.integers(0, 1_000))
    verdicts = draw(st.lists(st.sampled_from(["good", "bad", "marker"]), min_size=1, max_size=60))
    good = [start + place for place, verdict in enumerate(verdicts) if verdict == "good"]
    bad = [start + place for place, verdict in enumerate(verdicts) if verdict == "bad"]
    return start, start + len(verdicts), good, bad


@st.composite
def standings(draw: st.DrawFn) -> Standing:
    since = draw(OFFSETS)
    spent = Spent(*(draw(st.integers(0, 2**33)) for _ in range(3)))
    plan = None
    if draw(st.booleans()):
        edges = sorted(draw(st.sets(st.integers(since, since + 10_000), min_size=2, max_size=20)))
        refused = tuple(zip(edges[::2], edges[1::2], strict=False))
        attempts = draw(st.integers(1, 9)), draw(st.integers(1, 9))
        plan = Plan(since, since + 10_001, refused, *attempts)
    limit = draw(st.none() | OFFSETS)
    return Standing(since + draw(st.integers(0, 5)), since, spent, plan, limit)


@given(standings())
def test_a_standing_comes_back_from_its_metadata(standing: Standing) -> None:
    assert parse(standing.offset, encode(standing)) == standing


def test_metadata_of_somebody_else_is_nobodys() -> None:
    for text in ("", "moved by hand", "{}", '{"archive": 2, "since": 0}', '{"epoch": 7}'):
        assert parse(5, text) is None


def test_metadata_never_outgrows_its_4096_bytes() -> None:
    from warehouse.archive.plan import MOST_REFUSED_SPANS

    start = 10**12
    spans = tuple((start + 10 * n, start + 10 * n + 5) for n in range(MOST_REFUSED_SPANS))
    plan = Plan(start, start + 10**6, spans, 10**3, 10**3)
    standing = Standing(start, start, Spent(2**33, 2**33, 2**33), plan, start)
    assert len(encode(standing)) <= 4_096


@given(logs())
def test_every_record_lies_in_the_span_of_its_verdict(
    log: tuple[int, int, list[int], list[int]],
) -> None:
    start, end, good, bad = log
    plan = Plan(start, end, tuple(refused_spans(start, end, good, bad)))

    def holding(spans: list[Span], offset: int) -> int:
        return sum(a <= offset < b for a, b in spans)

    for offset in good:
        assert holding(plan.loaded, offset) == 1
        assert holding(list(plan.refused), offset) == 0
    for offset in bad:
        assert holding(list(plan.refused), offset) == 1
        assert holding(plan.loaded, offset) == 0


@given(logs())
def test_every_span_has_a_record_to_prove_it(log: tuple[int, int, list[int], list[int]]) -> None:
    start, end, good, bad = log
    plan = Plan(start, end, tuple(refused_spans(start, end, good, bad)))
    if good or bad:
        assert all(any(a <= offset < b for offset in bad) for a, b in plan.refused)
        assert all(any(a <= offset < b for offset in good) for a, b in plan.loaded)
        covered = sum(b - a for a, b in [*plan.loaded, *plan.refused])
        assert covered == end - start


def test_finding_the_refused_spans_of_a_million_records_takes_no_memory_for_each() -> None:
    bad = array("q", range(0, 1_000_000, 20_000))
    good = array("q", (offset for offset in range(1_000_000) if offset % 20_000))
    tracemalloc.start()
    try:
        spans = refused_spans(0, 1_000_000, good, bad)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert spans == [(offset, offset + 1) for offset in bad]
    assert most < 50_000


def test_a_smaller_range_keeps_the_refused_records_that_lie_in_it() -> None:
    plan = Plan(0, 100, ((10, 20), (30, 60), (70, 80)), attempt=3)
    assert plan.up_to(40) == Plan(0, 40, ((10, 20), (30, 40)))
