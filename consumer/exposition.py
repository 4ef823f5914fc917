"""The pool's metrics in Prometheus' form: the reports of its processes, added up.

prometheus-client's own multiprocess mode keeps a file for every metric of every process and counts
one event at a time; adding reports up leaves no files, and costs nothing per event.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from consumer.report import Counts, Histogram, Report


@dataclass(frozen=True, slots=True)
class PoolState:
    """``reports`` of what runs now, ``counts`` of everything that ran under this pool so far."""

    reports: Sequence[Report]
    counts: Counts
    processes: int
    restarts: int


class PoolCollector(Collector):
    """Collects a pool's state whenever it is asked."""

    def __init__(self, state: Callable[[], PoolState]) -> None:
        self._state = state

    def collect(self) -> Iterator[Metric]:
        state = self._state()
        yield from _counters(state)
        yield from _histograms(state.counts)
        yield from _gauges(state)


def exposition(state: Callable[[], PoolState]) -> Callable[[], bytes]:
    """What ``/metrics`` answers."""
    registry = CollectorRegistry()
    registry.register(PoolCollector(state))
    return lambda: generate_latest(registry)


def _counters(state: PoolState) -> Iterator[Metric]:
    counts = state.counts
    events = CounterMetricFamily(
        "creneau_events", "slot-created events with an outcome", labels=["outcome"]
    )
    events.add_metric(["scored"], counts.scored)
    events.add_metric(["dead"], sum(counts.dead.values()))
    yield events
    dead = CounterMetricFamily("creneau_dead_letters", "Events refused, by code", labels=["code"])
    for code, number in sorted(counts.dead.items()):
        dead.add_metric([code], number)
    yield dead
    ended = CounterMetricFamily("creneau_transactions", "Transactions", labels=["end"])
    ended.add_metric(["committed"], counts.transactions)
    ended.add_metric(["aborted"], counts.aborted)
    ended.add_metric(["lost"], counts.sessions_lost)
    yield ended
    yield CounterMetricFamily(
        "creneau_worker_restarts", "Worker processes started again", value=state.restarts
    )


def _histograms(counts: Counts) -> Iterator[Metric]:
    yield _histogram(
        "creneau_latency_from_creation_seconds",
        "From an event's created_at to the commit of its outcome (a sample of each transaction)",
        counts.latency_from_creation,
    )
    yield _histogram(
        "creneau_latency_from_arrival_seconds",
        "From an event's time in Kafka to the commit of its outcome (a sample of each transaction)",
        counts.latency_from_arrival,
    )
    yield _histogram("creneau_batch_events", "Events in a transaction", counts.batch_events)


def _gauges(state: PoolState) -> Iterator[Metric]:
    yield GaugeMetricFamily("creneau_workers", "Worker processes wanted", value=state.processes)
    ready = GaugeMetricFamily("creneau_worker_ready", "1: scoring or idle", labels=["worker"])
    epoch = GaugeMetricFamily(
        "creneau_epoch", "Ledger offset of the decision scored under", labels=["worker"]
    )
    model = GaugeMetricFamily(
        "creneau_model_in_force", "1 for the model that scores", labels=["worker", "version"]
    )
    tables = GaugeMetricFamily(
        "creneau_model_scores_by_tables",
        "0: at scikit-learn's own pace, some eight times slower",
        labels=["worker"],
    )
    lag = GaugeMetricFamily("creneau_lag_events", "Events not yet scored", labels=["partition"])
    for report in state.reports:
        ready.add_metric([report.instance], 1 if report.problem is None else 0)
        if report.epoch is not None:
            epoch.add_metric([report.instance], report.epoch)
        if report.model is not None:
            model.add_metric([report.instance, report.model], 1)
        if report.by_tables is not None:
            tables.add_metric([report.instance], int(report.by_tables))
        for partition, events in report.lag.items():
            lag.add_metric([partition], events)
    yield from (ready, epoch, model, tables, lag)


def _histogram(name: str, documentation: str, histogram: Histogram) -> Metric:
    buckets: list[tuple[str, float]] = []
    so_far = 0
    bounds = [*map(str, histogram.bounds), "+Inf"]
    for bound, count in zip(bounds, histogram.counts, strict=True):
        so_far += count
        buckets.append((bound, so_far))
    return HistogramMetricFamily(name, documentation, buckets=buckets, sum_value=histogram.total)
