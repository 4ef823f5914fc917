"""What is drawn of a measurement: labels and figures. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

Found = Mapping[str, Any]


def _peer_figures(found: Found) -> Iterator[tuple[str, float]]:
    for name in ("worker", *found["peers"]):
        yield name, found["median"][f"{name}_per_second"]


def _process_figures(found: Found) -> Iterator[tuple[str, float]]:
    for count, median in found["median"].items():
        yield count, median["per_second"]


def _latency_figures(found: Found) -> Iterator[tuple[str, float]]:
    for share in found["ratio"]:
        for what in ("worker", "bare"):
            yield f"{what} {share}", found["median"][f"{what}_{share}_ms"]


def _rate_figures(found: Found) -> Iterator[tuple[str, float]]:
    yield "worker", found["median"]["worker_per_second"]
    yield "bare loop", found["median"]["bare_per_second"]


def _replay_figures(found: Found) -> Iterator[tuple[str, float]]:
    yield "executor", found["executor_per_second"]
    yield "worker", found["worker_per_second"]
    for who in ("executor", "worker"):
        yield f"{who} beside live traffic", found["beside_live"][f"{who}_per_second"]


def _profile_figures(found: Found) -> Iterator[tuple[str, float]]:
    yield from found["steps"].items()


def _memory_figures(found: Found) -> Iterator[tuple[str, float]]:
    for events, mib in found["resident_mib"].items():
        yield f"after {int(events):,} events", mib


FIGURES: Final[
    Mapping[str, tuple[str, Callable[[Found], Iterator[tuple[str, float]]], Sequence[str]]]
] = {
    "worker_rate": ("Events per second on a backlog", _rate_figures, ("worker",)),
    "replay": (
        "Events per second of one process: corrected, or scored on a backlog",
        _replay_figures,
        ("executor", "executor beside live traffic"),
    ),
    "profile": ("Microseconds an event that the worker's interpreter takes", _profile_figures, ()),
    "memory": ("MiB resident in one worker process", _memory_figures, ()),
    "peers": ("Events per second, one process each", _peer_figures, ("worker",)),
    "processes": ("Events per second, by worker processes", _process_figures, ("1", "2", "3")),
    "latency": (
        "Milliseconds from created_at to a reader, at 1,000 events/s",
        _latency_figures,
        ("worker p50", "worker p90", "worker p99"),
    ),
}
