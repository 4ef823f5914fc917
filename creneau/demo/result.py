"""What came of a demo, as JSON and in words. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from creneau.demo.check import Verdict
from creneau.demo.models import BAD
from creneau.demo.warehouse_result import WarehouseResult


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """The replay's side of the story. Seconds: from its request to its completion."""

    id: str
    affected: int
    corrected: int
    seconds: float
    governed_seconds: float
    certificate: Path
    verified: bool
    checked: int
    """Events that ``creneau replay verify`` looked at."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it. Latencies in milliseconds, of events that did not wait for a recovery."""

    verdict: Verdict
    replay: ReplayResult
    records: Mapping[str, int]
    """What Kafka holds in the end, by the table that the archive has for it."""
    latency_ms: dict[str, float]
    worst_seconds: float
    """The longest that any event waited, the recoveries included."""
    recovery_seconds: float | None
    """From the kill of the worker until every partition produced again; None: nothing came."""
    executor_killed: bool
    """False: it was done before it could be."""
    warehouse: WarehouseResult | None = None
    """None: not asked for, or not done yet."""

    @property
    def passed(self) -> bool:
        """The story and, where there is one, the warehouse."""
        return self._story_passed and (self.warehouse is None or self.warehouse.passed)

    @property
    def _story_passed(self) -> bool:
        return self.verdict.passed and self.replay.verified

    def as_json(self) -> dict[str, object]:
        """The keys of ``creneau demo --json``."""
        verdict, replay = self.verdict, self.replay
        return {
            "published": verdict.published,
            "scored": verdict.scored,
            "dead_lettered": verdict.dead_lettered,
            "lost": verdict.lost,
            "duplicated": verdict.duplicated,
            "latency_ms": self.latency_ms,
            "recovery_seconds": self.recovery_seconds,
            "executor_killed": self.executor_killed,
            "replay": {
                "id": replay.id,
                "affected": replay.affected,
                "corrected": replay.corrected,
                "withdrawn": verdict.withdrawn,
                "left_behind": verdict.left_behind,
                "seconds": replay.seconds,
                "governed_seconds": replay.governed_seconds,
                "certificate": str(replay.certificate),
                "verified": replay.verified,
            },
            "warehouse": None if self.warehouse is None else self.warehouse.as_json(),
        }

    def lines(self) -> list[str]:
        """The story's summary for people; the warehouse has its own."""
        verdict, replay, latency = self.verdict, self.replay, self.latency_ms
        exact = "exactly" if verdict.dead_letters_exact else "NOT"
        recovery = "-" if self.recovery_seconds is None else f"{self.recovery_seconds} s"
        return [
            f"published     {verdict.published}",
            f"scored        {verdict.scored}",
            f"dead letters  {verdict.dead_lettered} ({exact} the malformed ones)",
            f"lost          {verdict.lost}",
            f"duplicated    {verdict.duplicated}",
            f"latency       p50 {latency['p50']:.0f} ms, p90 {latency['p90']:.0f} ms, "
            f"p99 {latency['p99']:.0f} ms, recoveries aside (worst of all {self.worst_seconds} s)",
            f"recovery      {recovery} after a worker was killed",
            *self._not_killed(),
            f"replayed      {replay.corrected} of {replay.affected} events in {replay.seconds} s "
            f"(gave way to live scoring for {replay.governed_seconds} s)",
            f"withdrawn     {verdict.withdrawn}",
            f"left behind   {verdict.left_behind} slots hold a probability of {BAD}",
            *self._correction(),
            f"certificate   {replay.certificate}",
            f"verified      {'yes' if replay.verified else 'NO'}, {replay.checked} events checked",
            *verdict.examples,
            "passed: every slot has exactly one outcome, and none is left of the revoked model"
            if self._story_passed
            else "FAILED",
        ]

    def _not_killed(self) -> list[str]:
        if self.executor_killed:
            return []
        return ["not shown     an executor that is killed: it was done before it could be"]

    def _correction(self) -> list[str]:
        found = self.verdict.correction
        if found is None:
            return []
        return [
            f"mean error    {found.before:.3f} as {BAD} scored these slots, {found.after:.3f} as "
            "they are now (the market's true probabilities are known)"
        ]
