"""Load jobs of BigQuery, as the archive needs them."""

from dataclasses import dataclass
from enum import Enum
from typing import IO, Protocol

from producer_contract.errors import UnavailableError


class State(Enum):
    """Where a job stands."""

    RUNNING = "running"
    DONE = "done"
    ROWS_REFUSED = "its rows were refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Job:
    """A job that BigQuery has. ``messages``: what it says about its failure."""

    state: State
    messages: tuple[str, ...] = ()


class JobExistsError(Exception):
    """A job of this id was sent before."""


class StillRunningError(UnavailableError):
    """A job has not ended yet. It keeps its id: ask for it again, send no other for its rows."""


class Jobs(Protocol):
    """What the archive asks of BigQuery. Every call raises ``UnavailableError`` without an answer.

    A job is all or nothing: either all of its rows are in the table, or none.
    """

    def look(self, job_id: str) -> Job | None:
        """The job of this id; None: it was never sent (or is older than six months)."""
        ...

    def send(self, job_id: str, table: str, lines: IO[bytes], size: int) -> None:
        """Send a job that appends NDJSON to a table; returns once BigQuery has it.

        Raises:
            JobExistsError: there is one of this id already.
        """
        ...
