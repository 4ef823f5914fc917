"""The pool's metrics in Prometheus' form: the reports of its processes, added up."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from warehouse.archive.report import Counts, Lag, Report

_COUNTERS: Final = {
    "rows": "Rows loaded",
    "refused": "Records that went to archive_refused",
    "jobs_done": "Load jobs done",
    "jobs_failed": "Load jobs that failed",
    "modifications": "Modifications of partitions, which BigQuery limits to 30,000 a day per table",
}


@dataclass(frozen=True, slots=True)
class PoolState:
    """``reports`` of what runs now, ``counts`` of everything that ran under this pool so far."""

    reports: Sequence[Report]
    counts: Counts
    processes: int
    restarts: int


class ArchiveCollector(Collector):
    """Collects a pool's state whenever it is asked."""

    def __init__(self, state: Callable[[], PoolState]) -> None:
        self._state = state

    def collect(self) -> Iterator[Metric]:
        state = self._state()
        for name, documentation in _COUNTERS.items():
            family = CounterMetricFamily(f"creneau_archive_{name}", documentation, labels=["table"])
            for table, number in sorted(getattr(state.counts, name).items()):
                family.add_metric([table], number)
            yield family
        yield CounterMetricFamily(
            "creneau_archive_restarts", "Archive processes started again", value=state.restarts
        )
        yield from _gauges(state)


def exposition(state: Callable[[], PoolState]) -> Callable[[], bytes]:
    """What ``/metrics`` answers."""
    registry = CollectorRegistry()
    registry.register(ArchiveCollector(state))
    return lambda: generate_latest(registry)


def _gauges(state: PoolState) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "creneau_archive_processes", "Archive processes wanted", value=state.processes
    )
    ready = GaugeMetricFamily("creneau_archive_ready", "1: archiving or idle", labels=["process"])
    lag = GaugeMetricFamily(
        "creneau_archive_lag_offsets", "Offsets not yet archived", labels=["table", "partition"]
    )
    waiting = GaugeMetricFamily(
        "creneau_archive_lag_seconds",
        "How long the oldest record that was read has waited to be loaded",
        labels=["table", "partition"],
    )
    budget = GaugeMetricFamily(
        "creneau_archive_budget_wait_seconds",
        "How long BigQuery's quotas let what is gathered wait before its load job may go",
        labels=["table", "partition"],
    )
    # While a partition changes hands two processes report it: the newer report counts.
    newest: dict[tuple[str, int], Lag] = {}
    for report in sorted(state.reports, key=lambda one: one.at):
        ready.add_metric([report.instance], 1 if report.problem is None else 0)
        newest |= {(one.table, one.partition): one for one in report.lag}
    for (table, partition), one in newest.items():
        lag.add_metric([table, str(partition)], one.offsets)
        waiting.add_metric([table, str(partition)], one.seconds)
        budget.add_metric([table, str(partition)], one.budget_seconds)
    yield from (ready, lag, waiting, budget)
