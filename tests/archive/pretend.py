"""A BigQuery in memory: jobs by id, each all or nothing."""

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Any

from producer_contract.errors import UnavailableError
from warehouse.archive.jobs import Job, JobExistsError, State

Row = dict[str, Any]


@dataclass
class PretendJobs:
    """``refuses`` says of which rows; ``names_them``: in its messages, as BigQuery sometimes does,
    ``most_named`` of them.

    ``failures``: how the next jobs fail. ``silent``: how many of the next calls get no answer,
    though BigQuery has done what was asked.
    """

    refuses: Callable[[Row], bool] = lambda _: False
    names_them: bool = False
    most_named: int | None = None
    failures: deque[str] = field(default_factory=deque)
    silent: int = 0
    jobs: dict[str, Job] = field(default_factory=dict)
    tables: dict[str, list[Row]] = field(default_factory=dict)

    def look(self, job_id: str) -> Job | None:
        return self.jobs.get(job_id)

    def send(self, job_id: str, table: str, lines: IO[bytes], size: int) -> None:
        if job_id in self.jobs:
            raise JobExistsError(job_id)
        body = lines.read()
        assert len(body) == size
        self.jobs[job_id] = self._run(table, body)
        if self.silent:
            self.silent -= 1
            raise UnavailableError("no answer")

    def _run(self, table: str, body: bytes) -> Job:
        if self.failures:
            return Job(State.FAILED, (self.failures.popleft(),))
        try:
            rows = [json.loads(line) for line in body.splitlines()]
        except ValueError as error:
            return Job(State.ROWS_REFUSED, (str(error),))
        places = [body.index(line) for line in body.splitlines()]
        bad = [place for place, row in zip(places, rows, strict=True) if self.refuses(row)]
        if bad:
            named = bad[: self.most_named]
            said = [
                f"JSON parsing error in row starting at position {place}: no" for place in named
            ]
            return Job(State.ROWS_REFUSED, tuple(said) if self.names_them else ("too many errors",))
        self.tables.setdefault(table, []).extend(rows)
        return Job(State.DONE)
