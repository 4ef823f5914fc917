"""Verifying by several processes: who looks at what, and what they found together."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creneau.verifying import WORTH_IT_OFFSETS, processes_for
from replay.verify import (
    EXAMPLES,
    LeftBehind,
    Verification,
    offsets_of,
    together,
    windows_of,
)


def certificate(*affected: tuple[int, int, int]) -> dict[str, Any]:
    return {"affected": [list(row) for row in affected]}


def test_a_window_is_one_partition_and_so_many_offsets() -> None:
    one = certificate((0, 0, 10), (0, 12, 14), (2, 5, 30))
    assert offsets_of(one) == 37
    assert windows_of(one, 100) == 2
    assert windows_of(one, 10) == 2 + 3
    assert windows_of(certificate()) == 0


LARGE = certificate((0, 0, WORTH_IT_OFFSETS), (1, 0, 1), (2, 0, 1))


@pytest.mark.parametrize(
    ("asked", "cores", "number"),
    [(None, 2, 2), (None, 64, 3), (None, None, 1), (1, 64, 1), (2, 1, 2), (9, 1, 3)],
)
def test_no_more_processes_than_have_something_to_do(
    asked: int | None, cores: int | None, number: int
) -> None:
    assert processes_for(LARGE, asked, cores) == number


def test_a_small_replay_is_not_worth_a_second_process() -> None:
    small = certificate((0, 0, 5), (1, 0, 5))
    assert processes_for(small, None, 8) == 1
    assert processes_for(small, 2, 8) == 2
    assert processes_for(certificate(), 4, 8) == 1


breaks = st.builds(
    LeftBehind, st.integers(0, 3), st.integers(0, 50), st.just("slot"), st.just("it is gone")
)


@given(st.lists(st.lists(breaks, max_size=EXAMPLES), min_size=1, max_size=4))
def test_together_they_name_the_first_slots_of_all(parts: list[list[LeftBehind]]) -> None:
    whole = together(
        Verification(
            checked=7, left_behind=len(part), examples=list(part), read_from={"archive": 7}
        )
        for part in parts
    )
    every = sorted(
        (one for part in parts for one in part),
        key=lambda one: (one.source_partition, one.source_offset),
    )
    assert whole.examples == every[:EXAMPLES]
    assert whole.checked == whole.read_from["archive"] == 7 * len(parts)
    assert whole.left_behind == len(every)
    assert whole.verified == (not every)


def test_a_certificate_that_one_finds_changed_is_not_verified() -> None:
    whole = together([Verification(), Verification(mismatch="another one")])
    assert whole.mismatch == "another one"
    assert not whole.verified
