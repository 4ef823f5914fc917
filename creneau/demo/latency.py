"""Latency and recovery, from what a plain reader saw. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Delay:
    """One live probability as it arrived; times in seconds since 1970."""

    partition: int
    created_at: float
    arrived_at: float

    @property
    def seconds(self) -> float:
        return self.arrived_at - self.created_at


def quantiles_ms(delays: list[Delay]) -> dict[str, float]:
    """p50, p90 and p99 in milliseconds (nearest rank); zeros when there is nothing."""
    seconds = sorted(delay.seconds for delay in delays) or [0.0]
    return {
        name: round(1000 * seconds[min(len(seconds) - 1, int(share * len(seconds)))], 1)
        for name, share in (("p50", 0.50), ("p90", 0.90), ("p99", 0.99))
    }


def recovered_at(delays: list[Delay], killed_at: float) -> float | None:
    """When every partition had produced again, seconds since 1970; None: nothing came after it.

    A partition produces again when the first event created after the kill has its probability:
    what was on its way before does not count. To be asked when every event has its outcome.
    """
    first: dict[int, float] = {}
    for delay in delays:
        if delay.created_at > killed_at and delay.partition not in first:
            first[delay.partition] = delay.arrived_at
    return max(first.values(), default=None)


def undisturbed(delays: list[Delay], kills: Iterable[float]) -> list[Delay]:
    """The delays of events that did not wait at any moment of the recovery from a kill.

    A killed worker's partitions wait for its session to time out; behind the open transaction of a
    killed executor, readers of its partition wait until the broker ends it.
    """
    calm = delays
    for killed_at in kills:
        end = recovered_at(delays, killed_at)
        calm = [
            delay
            for delay in calm
            if delay.arrived_at <= killed_at or (end is not None and delay.created_at >= end)
        ]
    return calm
