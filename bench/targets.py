"""What must be reached, and whether it was. Pure: results in, a table out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Results = Mapping[str, Mapping[str, Any]]
"""What each measurement found, by its name."""


@dataclass(frozen=True, slots=True)
class Target:
    """One figure: where it stands in the results of ``bench``, its bound and its goal.

    ``sign`` is ≥ or ≤; None for ``bound`` or ``goal``: there is none. ``scale``: what the figure of
    the results is multiplied by to be in ``unit``.
    """

    what: str
    bench: str
    path: tuple[str, ...]
    bound: float | None = None
    goal: float | None = None
    sign: str = "≥"
    unit: str = "×"
    scale: float = 1.0

    def found(self, results: Results) -> float | None:
        """The figure; None: it was not measured."""
        place: Any = results.get(self.bench)
        for name in self.path:
            place = place.get(name) if isinstance(place, Mapping) else None
        return place * self.scale if isinstance(place, int | float) else None

    def verdict(self, figure: float) -> str:
        """What it reaches. NaN reaches nothing."""
        if self.goal is not None and self._within(figure, self.goal):
            return "goal"
        if self.bound is not None:
            return "met" if self._within(figure, self.bound) else "missed"
        return "goal missed" if self.goal is not None else ""

    def _within(self, figure: float, bound: float) -> bool:
        return figure >= bound if self.sign == "≥" else figure <= bound


TARGETS: Final = (
    Target("one worker / bare loop", "worker_rate", ("median", "ratio"), 0.6, 0.8),
    Target(
        "one worker / FastStream, batched scoring",
        "peers",
        ("median", "worker_to_faststream-scoring"),
        12,
        16,
    ),
    Target(
        "one worker / Quix Streams, constant answer",
        "peers",
        ("median", "worker_to_quix-constant"),
        2.5,
        3,
    ),
    Target(
        "one worker / Kafka Streams, constant answer",
        "peers",
        ("median", "worker_to_streams-constant"),
        goal=1,
    ),
    Target("one executor / one worker", "executor_rate", ("median", "ratio"), 1.0, 1.2),
    Target("replay: one executor / one worker", "replay", ("executor_to_worker",), 0.8),
    Target(
        "replay beside live traffic: executor / worker",
        "replay",
        ("beside_live", "to_worker_beside"),
        0.8,
    ),
    Target(
        "the same executor / a worker alone",
        "replay",
        ("beside_live", "to_worker_alone"),
        0.8,
    ),
    Target("replay: fence + plan, worst", "replay", ("plan_seconds_worst",), 2, None, "≤", "s"),
    Target("replay: live p90, during / without", "replay", ("live_p90", "ratio"), 2, sign="≤"),
    Target("two processes / one", "processes", ("ratio", "2")),
    Target("latency p50, worker / bare loop", "latency", ("ratio", "p50"), 1.3, 1.1, "≤"),
    Target("latency p90, worker / bare loop", "latency", ("ratio", "p90"), 1.3, 1.1, "≤"),
    Target("resident memory, 20M events / 1M", "memory", ("ratio",), 1.1, sign="≤"),
    Target("fence + plan, 100,000 runs", "runs", ("median", "seconds"), 1, sign="≤", unit="s"),
    Target(
        "replay preview, 100,000 runs",
        "runs",
        ("median", "preview_seconds"),
        5,
        sign="≤",
        unit="s",
    ),
    Target("promotion to first output, worst", "swap", ("worst", "seconds"), 1, None, "≤", "s"),
    Target("executor gives way, worst", "give_way", ("worst", "seconds"), 1, None, "≤", "s"),
    Target("start to first commit", "start", ("median", "first_commit_seconds"), 5, 2, "≤", "s"),
    Target("creneau --help", "start", ("median", "help_seconds"), 0.3, sign="≤", unit="s"),
    Target(
        "1,000 events/s, worker and broker",
        "thousand",
        ("median", "worker_and_broker"),
        unit="cores",
    ),
    Target(
        "replay of 100,000,000 slots",
        "hundred_million",
        ("phases", "replay", "replay_seconds"),
        goal=12,
        sign="≤",
        unit="min",
        scale=1 / 60,
    ),
)


def rows(results: Results) -> Iterator[tuple[str, str, str, str, str]]:
    """What, measured, needed, goal, verdict: a row for each target that was measured."""
    for target in TARGETS:
        figure = target.found(results)
        if figure is None:
            continue
        yield (
            target.what,
            f"{figure:.2f} {target.unit}",
            _bound(target, target.bound),
            _bound(target, target.goal),
            target.verdict(figure),
        )


def _bound(target: Target, bound: float | None) -> str:
    return "" if bound is None else f"{target.sign} {bound:g} {target.unit}"
