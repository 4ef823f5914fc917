"""The pool of worker processes, and what all of them have counted."""

from collections.abc import Sequence

from broker.backoff import Backoff
from broker.pool import Pool
from consumer.exposition import PoolState
from consumer.report import Counts, Report, decode


class WorkerPool(Pool[Report]):
    """Keeps ``processes`` worker processes of ``command`` running."""

    def __init__(
        self, command: Sequence[str], processes: int, backoff: Backoff | None = None
    ) -> None:
        super().__init__(command, processes, kind="worker", decode=decode, backoff=backoff)
        self._ended = Counts()

    def state(self) -> PoolState:
        """What ``/metrics`` tells."""
        with self._lock:
            counts = Counts()
            counts.add(self._ended)
            reports = self.reports()
        for report in reports:
            counts.add(report.counts)
        return PoolState(reports, counts, self.processes, self.restarts)

    def keep(self, report: Report) -> None:
        """A process has ended: what it counted stays counted."""
        self._ended.add(report.counts)
