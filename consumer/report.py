"""What a worker process tells its pool, once a second: how it is, and what it has counted."""

from bisect import bisect_left
from collections.abc import Iterable

import msgspec

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)
EVENTS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1_000.0, 3_000.0, 10_000.0)


class Histogram(msgspec.Struct):
    """Counts by bucket: ``bounds`` are upper ones, ``counts`` has one more for what is above."""

    bounds: tuple[float, ...]
    counts: list[int]
    total: float = 0.0

    @classmethod
    def of(cls, bounds: tuple[float, ...]) -> "Histogram":
        return cls(bounds, [0] * (len(bounds) + 1))

    def observe(self, value: float) -> None:
        """Count one value (a negative one, of a clock that runs behind, as 0)."""
        value = max(0.0, value)
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def add(self, other: "Histogram") -> None:
        """Count everything that another one has counted (with the same bounds)."""
        self.counts = [
            mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True)
        ]
        self.total += other.total


class Counts(msgspec.Struct):
    """What only ever grows. Latencies are those of a sample of each transaction's events."""

    scored: int = 0
    dead: dict[str, int] = {}
    transactions: int = 0
    aborted: int = 0
    sessions_lost: int = 0
    batch_events: Histogram = msgspec.field(default_factory=lambda: Histogram.of(EVENTS))
    latency_from_creation: Histogram = msgspec.field(default_factory=lambda: Histogram.of(SECONDS))
    latency_from_arrival: Histogram = msgspec.field(default_factory=lambda: Histogram.of(SECONDS))

    def count_dead(self, codes: Iterable[tuple[str, int]]) -> None:
        for code, events in codes:
            self.dead[code] = self.dead.get(code, 0) + events

    def add(self, other: "Counts") -> None:
        """Count everything that another process has counted."""
        self.scored += other.scored
        self.count_dead(other.dead.items())
        self.transactions += other.transactions
        self.aborted += other.aborted
        self.sessions_lost += other.sessions_lost
        self.batch_events.add(other.batch_events)
        self.latency_from_creation.add(other.latency_from_creation)
        self.latency_from_arrival.add(other.latency_from_arrival)


class Report(msgspec.Struct, frozen=True):
    """One line on the pipe. ``problem`` None: ready. ``lag`` is in events, by source partition.
    ``model`` and ``by_tables`` (see ``model.engine``) None: none scores."""

    instance: str
    problem: str | None
    epoch: int | None
    model: str | None
    by_tables: bool | None
    lag: dict[str, int]
    counts: Counts


_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(Report)


def encode(report: Report) -> bytes:
    """One line, its end included."""
    return _encode(report) + b"\n"


def decode(line: bytes) -> Report:
    """Read one line; raises ``msgspec.DecodeError`` for anything else."""
    return _decoder.decode(line)
