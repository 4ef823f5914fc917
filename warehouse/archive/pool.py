"""The pool of archive processes, and what all of them have counted."""

from collections.abc import Sequence

from broker.pool import Pool
from warehouse.archive.exposition import PoolState
from warehouse.archive.report import Counts, Report, decode


class ArchivePool(Pool[Report]):
    """Keeps ``processes`` archive processes of ``command`` running."""

    def __init__(self, command: Sequence[str], processes: int) -> None:
        super().__init__(command, processes, kind="archive", decode=decode)
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
