"""What came of the demo's warehouse, as JSON and in words. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

SHOWN: Final = 8
"""Lines of a report, its heading included; more are counted."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What a table of the archive holds: rows, and on how many places of the log they stood."""

    rows: int
    places: int


@dataclass(frozen=True, slots=True)
class Printed:
    """A report as it was asked for and as it was printed."""

    command: str
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class WarehouseResult:
    """At most one of ``left_out`` and ``failure`` is said: it was not there, or did not succeed."""

    kafka: Mapping[str, int] = field(default_factory=dict)
    """By table: the records that a plain reader finds on its topic."""
    stored: Mapping[str, Stored] = field(default_factory=dict)
    reports: Sequence[Printed] = ()
    left_out: str | None = None
    failure: str | None = None

    @property
    def differences(self) -> list[str]:
        """A line for each table that is not exactly what Kafka holds."""
        return [
            f"{table} has {has.rows} rows of {has.places} records, Kafka holds {records}"
            for table, records in self.kafka.items()
            if (has := self.stored.get(table, Stored(0, 0))) != Stored(records, records)
        ]

    @property
    def passed(self) -> bool:
        """Also where it was left out: that says nothing against the story."""
        return self.left_out is not None or (self.failure is None and not self.differences)

    def as_json(self) -> dict[str, object]:
        """The key ``warehouse`` of ``creneau demo --json``."""
        return {
            "kafka": dict(self.kafka),
            "archived": {table: has.rows for table, has in self.stored.items()},
            "passed": self.passed,
            "why": self.left_out or self.failure or "; ".join(self.differences) or None,
        }

    def lines(self) -> list[str]:
        """For people: the counts, both reports, or the one line why not."""
        if self.left_out is not None:
            return [f"warehouse     left out: {self.left_out}"]
        if self.failure is not None:
            return [f"warehouse     FAILED: {self.failure}"]
        held = ", ".join(
            f"{self.stored[table].rows if table in self.stored else 0} of {records} {table}"
            for table, records in self.kafka.items()
        )
        verdict = "FAILED: " + "; ".join(self.differences) if self.differences else "passed"
        return [
            *(line for report in self.reports for line in _shown(report)),
            f"archived      {held}: what Kafka holds, and what BigQuery's emulator has",
            f"warehouse     {verdict}",
        ]


def _shown(report: Printed) -> list[str]:
    left = len(report.lines) - SHOWN
    more = [f"… and {left} more"] if left > 0 else []
    return [f"$ {report.command}", *report.lines[:SHOWN], *more]
