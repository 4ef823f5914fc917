"""One archive process of a pool: its number, its signals, its end with the pool's."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import structlog

from broker.instance import first_free_index
from broker.pool_process import exit_code_of, report_to_the_pool, when_the_pool_ends
from broker.settings import KafkaSettings
from broker.stopping import Stopping
from producer_contract.errors import BadUseError
from warehouse.archive.archiver import Archiver, EverythingRefusedError
from warehouse.archive.bigquery_jobs import BigQueryJobs
from warehouse.archive.report import Report, encode
from warehouse.archive.settings import ArchiveSettings
from warehouse.archive.targets import targets
from warehouse.archived import ranges_of
from warehouse.client import dataset_of, new_client
from warehouse.errors import NotInWarehouseError, TableOutdatedError
from warehouse.settings import WarehouseSettings

_LOG = structlog.get_logger()

SOMEBODY_MUST_ACT = (
    BadUseError,
    EverythingRefusedError,
    NotInWarehouseError,
    TableOutdatedError,
)
"""What a new process would meet again: it ends the pool."""


def run(
    kafka: KafkaSettings,
    settings: ArchiveSettings,
    warehouse: WarehouseSettings,
    *,
    host: str,
    var: Path,
) -> int:
    """Archive until SIGTERM or the pool's death; the exit code."""
    # A Ctrl-C reaches the whole foreground group; the pool passes it on as SIGTERM.
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def work() -> None:
        with first_free_index(var, "archive") as index:
            _work(kafka, settings, warehouse, f"{host}-{index}")

    return exit_code_of(work, SOMEBODY_MUST_ACT)


def _work(
    kafka: KafkaSettings, settings: ArchiveSettings, warehouse: WarehouseSettings, instance: str
) -> None:
    stop = Stopping()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    when_the_pool_ends(lambda: os.kill(os.getpid(), signal.SIGTERM))
    archiver = new_archiver(kafka, settings, warehouse, instance)
    signal.signal(signal.SIGTERM, lambda *_: archiver.stop())
    if stop.is_set():
        archiver.stop()
    _LOG.info("archive started", instance=instance, pid=os.getpid())
    archiver.run()


def _to_the_pool(report: Report) -> None:
    report_to_the_pool(encode(report))


def new_archiver(
    kafka: KafkaSettings,
    settings: ArchiveSettings,
    warehouse: WarehouseSettings,
    instance: str,
    report: Callable[[Report], None] = _to_the_pool,
) -> Archiver:
    """The archiver of one process, ready to run.

    Raises:
        CreneauError: Kafka or BigQuery does not answer, or is not as it has to be.
    """
    client = new_client(warehouse)
    dataset = dataset_of(client, warehouse)
    found = targets(kafka, client, dataset)
    return Archiver(
        kafka,
        settings,
        instance=instance,
        jobs=BigQueryJobs(client, dataset, found.schemas),
        targets=found,
        ranges=lambda topic, partition: ranges_of(client, topic.table, partition, topic.id),
        report=report,
    )
