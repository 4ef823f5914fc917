"""The quotas hold, whatever is archived and however many take part."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from warehouse.archive.budget import (
    DAY,
    JOBS_PER_DAY,
    MODIFICATIONS_PER_DAY,
    Bucket,
    Budget,
    Cost,
    TooManyPartitionsError,
)
from warehouse.archive.plan import Spent


@st.composite
def demands(draw: st.DrawFn) -> list[tuple[float, float]]:
    """(Seconds after the one before, part of the burst that it costs) of jobs that are wanted."""
    return draw(
        st.lists(st.tuples(st.floats(0, 20_000), st.floats(0.001, 1.0)), min_size=1, max_size=120)
    )


def spending(
    bucket: Bucket, wanted: list[tuple[float, float]], now: float, spent_until: int
) -> tuple[list[tuple[float, float]], int]:
    """(When, cost) of each job, and until when it is spent then."""
    spent: list[tuple[float, float]] = []
    for pause, part in wanted:
        cost = part * bucket.burst
        now = max(now + pause, bucket.ready_at(spent_until, cost))
        spent_until = bucket.spend(spent_until, cost, now)
        spent.append((now, cost))
    return spent, spent_until


START = 1_790_000_000.0


MOST = 125
"""Partitions of a topic, where three share archive_refused."""


@given(st.integers(1, 3 * MOST), st.sampled_from([JOBS_PER_DAY, MODIFICATIONS_PER_DAY]), demands())
def test_no_partition_spends_more_than_its_share_in_any_24_hours(
    sharers: int, quota: int, wanted: list[tuple[float, float]]
) -> None:
    spent, _ = spending(Bucket.share(quota, sharers), wanted, START, 0)
    for first, _ in spent:
        within = sum(cost for at, cost in spent if first <= at < first + DAY)
        assert within * sharers <= quota


@given(
    st.integers(1, 186),
    st.integers(1, 186),
    st.sampled_from([JOBS_PER_DAY, MODIFICATIONS_PER_DAY]),
    demands(),
    demands(),
    demands(),
)
def test_no_day_has_more_than_the_quota_when_partitions_are_added(
    before: int,
    added: int,
    quota: int,
    first: list[tuple[float, float]],
    then: list[tuple[float, float]],
    new: list[tuple[float, float]],
) -> None:
    after = before + added
    small, large = Bucket.share(quota, after), Bucket.share(quota, before)
    old, until = spending(large, first, START, 0)
    change = old[-1][0]
    more, _ = spending(small, then, change, until)
    fresh, _ = spending(small, new, change, 0)
    spent = [(at, cost * before) for at, cost in old + more]
    spent += [(at, cost * added) for at, cost in fresh]
    for begins, _ in spent:
        assert sum(cost for at, cost in spent if begins <= at < begins + DAY) <= quota


@given(st.integers(1, MOST))
@example(MOST)
def test_whoever_waits_gets_a_share_of_the_quota_and_not_much_less_of_refused_jobs_either(
    partitions: int,
) -> None:
    budget = Budget.of(partitions, 3)
    for bucket, sharers in ((budget.jobs, partitions), (budget.refused_jobs, 3 * partitions)):
        now, spent_until, jobs = START, 0, 0
        while now < START + 4 * DAY:
            spent_until = bucket.spend(spent_until, 1, now)
            jobs += 1
            waits = bucket.ready_at(spent_until, 1) - now
            assert waits <= DAY / 2 + 1
            now = max(now, now + waits)
        assert jobs * sharers > 4 * JOBS_PER_DAY / 3


def test_the_first_jobs_go_at_once_and_the_rest_is_paced() -> None:
    budget = Budget.of(8, 3)
    spent, now, waits = Spent(), 1_790_000_000.0, []
    for _ in range(200):
        at = budget.ready_at(spent, Cost(1, 1, 0))
        waits.append(max(0.0, at - now))
        now = max(now, at)
        spent = budget.spend(spent, Cost(1, 1, 0), now)
    assert waits[:46] == [0.0] * 46
    assert waits[-1] > 600


def test_a_job_over_ninety_days_of_lessons_costs_ninety() -> None:
    budget = Budget.of(8, 3)
    now = 1_790_000_000.0
    one, ninety = (
        budget.spend(Spent(), Cost(1, 1, 0), now),
        budget.spend(Spent(), Cost(1, 90, 0), now),
    )
    assert (ninety.modifications - now) / 90 == pytest.approx(one.modifications - now, rel=0.02)
    assert one.jobs == ninety.jobs


def test_no_job_may_have_more_days_than_its_share_allows() -> None:
    assert Budget.of(1, 3).most_days == 4_000
    assert Budget.of(8, 3).most_days == 937
    assert Budget.of(64, 3).most_days == 117


def test_more_partitions_than_the_quota_stretches_to_are_refused() -> None:
    Budget.of(MOST, 3)
    with pytest.raises(
        TooManyPartitionsError,
        match=r"126 partitions cannot be archived, at most 125 .* make the topics anew with fewer",
    ):
        Budget.of(MOST + 1, 3)
