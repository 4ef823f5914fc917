"""A figure is held against its bound; what was not measured is left out."""

from typing import Any

import pytest

from bench.targets import TARGETS, Target, rows

RATIO = Target("a ratio", "one", ("median", "ratio"), 0.6, 0.8)
SECONDS = Target("a time", "two", ("seconds",), 5, 2, "≤", "s")


@pytest.mark.parametrize(
    ("target", "figure", "verdict"),
    [
        (RATIO, 0.8, "goal"),
        (RATIO, 0.6, "met"),
        (RATIO, 0.599, "missed"),
        (RATIO, float("nan"), "missed"),
        (SECONDS, 2.0, "goal"),
        (SECONDS, 5.0, "met"),
        (SECONDS, 5.01, "missed"),
        (SECONDS, float("nan"), "missed"),
        (Target("", "", (), goal=1), 0.9, "goal missed"),
        (Target("", "", ()), 0.9, ""),
    ],
)
def test_a_bound_is_included_and_nan_is_never_within(
    target: Target, figure: float, verdict: str
) -> None:
    assert target.verdict(figure) == verdict


@pytest.mark.parametrize(
    "results",
    [{}, {"one": {}}, {"one": {"median": 3}}, {"one": {"median": {"ratio": "fast"}}}],
)
def test_what_was_not_measured_has_no_figure(results: dict[str, Any]) -> None:
    assert RATIO.found(results) is None


def test_only_what_was_measured_has_a_row() -> None:
    assert list(rows({"worker_rate": {"median": {"ratio": 0.7}}})) == [
        ("one worker / bare loop", "0.70 ×", "≥ 0.6 ×", "≥ 0.8 ×", "met")
    ]


def test_minutes_are_made_of_seconds() -> None:
    results = {"hundred_million": {"phases": {"replay": {"replay_seconds": 690.0}}}}
    assert list(rows(results)) == [
        ("replay of 100,000,000 slots", "11.50 min", "", "≤ 12 min", "goal")
    ]


def test_a_goal_is_beyond_its_bound() -> None:
    for target in TARGETS:
        if target.bound is not None and target.goal is not None:
            assert (target.goal > target.bound) == (target.sign == "≥"), target.what
