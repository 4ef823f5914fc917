"""One archive process of a pool: its number, its signals, its end with the pool's."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import structlog

from broker.instance import first_free_index
from broker.pool_process import EXIT_TRY_AGAIN, report_to_the_pool, when_the_pool_ends
from broker.session import SessionLost
from broker.settings import KafkaSettings
from producer_contract.errors import BadUseError, CreneauError
from warehouse.archive.archiver import Archiver, EverythingRefusedError
from warehouse.archive.bigquery_jobs import BigQueryJobs
from warehouse.archive.report import Report, encode
from warehouse.archive.settings import ArchiveSettings
from warehouse.archive.targets import TableDiffersError, targets
from warehouse.archived import ranges_of
from warehouse.client import dataset_of, new_client
from warehouse.errors import NotInWarehouseError
from warehouse.settings import WarehouseSettings

_LOG = structlog.get_logger()

SOMEBODY_MUST_ACT = (
    BadUseError,
    EverythingRefusedError,
    NotInWarehouseError,
    TableDiffersError,
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
    try:
        with first_free_index(var, "archive") as index:
            _work(kafka, settings, warehouse, f"{host}-{index}")
    except CreneauError as error:
        print(f"creneau: {error}", file=sys.stderr, flush=True)
        return error.exit_code if isinstance(error, SOMEBODY_MUST_ACT) else EXIT_TRY_AGAIN
    except SessionLost as lost:
        print(f"creneau: {lost}", file=sys.stderr, flush=True)
        return EXIT_TRY_AGAIN
    return 0


def _work(
    kafka: KafkaSettings, settings: ArchiveSettings, warehouse: WarehouseSettings, instance: str
) -> None:
    stopping: list[bool] = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
    when_the_pool_ends(lambda: os.kill(os.getpid(), signal.SIGTERM))
    archiver = new_archiver(kafka, settings, warehouse, instance)
    signal.signal(signal.SIGTERM, lambda *_: archiver.stop())
    if stopping:
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
