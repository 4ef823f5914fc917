"""Whether executors may go on, or give way to live scoring. Pure: readings in, verdict out."""

from collections.abc import Mapping
from dataclasses import dataclass

RELEASE_AT = 0.5
"""Once it gives way, a replay goes on when live scoring is below this share of each limit: without
the distance it would start and stop with every chunk."""


@dataclass(frozen=True, slots=True)
class Limits:
    """``lag``: offsets that live scoring may be behind, in any one partition; ``age_seconds``:
    how old the next event to be scored live may be."""

    lag: int
    age_seconds: float


@dataclass(frozen=True, slots=True)
class LiveReading:
    """Where live scoring stands: by partition, offsets behind and the age in seconds of the record
    at the committed offset (absent where nothing waits, or where it could not be read in time)."""

    lag: Mapping[int, int]
    age_seconds: Mapping[int, float]

    @property
    def total_lag(self) -> int:
        return sum(self.lag.values())


@dataclass(frozen=True, slots=True)
class Verdict:
    """``gives_way``: no chunk now. ``why``: for a person; empty when it goes on."""

    gives_way: bool
    why: str = ""


GO_ON = Verdict(False)


def govern(reading: LiveReading, limits: Limits, before: Verdict = GO_ON) -> Verdict:
    """The verdict after ``reading``, when the one before it was ``before``."""
    share = RELEASE_AT if before.gives_way else 1.0
    lag, behind = _worst(reading.lag)
    if lag > limits.lag * share:
        return Verdict(True, f"live scoring is {lag:.0f} offsets behind in partition {behind}")
    age, behind = _worst(reading.age_seconds)
    if age > limits.age_seconds * share:
        return Verdict(True, f"live scoring is {age:.1f} s behind in partition {behind}")
    unknown = [p for p, offsets in reading.lag.items() if offsets and p not in reading.age_seconds]
    if before.gives_way and unknown:
        # An age that nobody knows is no sign that live scoring has caught up.
        return Verdict(True, f"how far live scoring is behind in partition {unknown[0]} is unknown")
    return GO_ON


def _worst(by_partition: Mapping[int, float]) -> tuple[float, int]:
    return max(((value, partition) for partition, value in by_partition.items()), default=(0, -1))
