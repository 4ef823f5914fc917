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


FIGURES: Final[
    Mapping[str, tuple[str, Callable[[Found], Iterator[tuple[str, float]]], Sequence[str]]]
] = {
    "peers": ("Events per second, one process each", _peer_figures, ("worker",)),
    "processes": ("Events per second, by worker processes", _process_figures, ("1", "2", "3")),
    "latency": (
        "Milliseconds from created_at to a reader, at 1,000 events/s",
        _latency_figures,
        ("worker p50", "worker p90", "worker p99"),
    ),
}
