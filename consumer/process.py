"""One worker process of a pool: its number, its signals, its end with the pool's.

When the pool has died, the worker drains. On its standard output it reports, a line a second. Its
log goes to standard error.
"""

import os
import signal
import sys
import threading
from pathlib import Path

import structlog

from broker.instance import first_free_index
from broker.pool_process import EXIT_TRY_AGAIN, report_to_the_pool, when_the_pool_ends
from broker.recycling import IdentityTakenError
from broker.session import SessionLost
from broker.settings import KafkaSettings
from consumer.errors import DeadLetterLimitReachedError
from consumer.model_in_force import Load
from consumer.report import encode
from consumer.settings import WorkerSettings
from consumer.worker import Worker
from producer_contract.errors import BadUseError, CreneauError

_LOG = structlog.get_logger()

SOMEBODY_MUST_ACT = (BadUseError, DeadLetterLimitReachedError, IdentityTakenError)
"""What a new process would meet again: it ends the pool."""


def run(kafka: KafkaSettings, settings: WorkerSettings, *, host: str, var: Path, load: Load) -> int:
    """Work until SIGTERM or the pool's death; the exit code."""
    # A Ctrl-C reaches the whole foreground group; the pool passes it on as SIGTERM.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with first_free_index(var, "worker") as index:
            _work(kafka, settings, f"{host}-{index}", index, load)
    except CreneauError as error:
        print(f"creneau: {error}", file=sys.stderr, flush=True)
        return error.exit_code if isinstance(error, SOMEBODY_MUST_ACT) else EXIT_TRY_AGAIN
    except SessionLost as lost:
        print(f"creneau: {lost}", file=sys.stderr, flush=True)
        return EXIT_TRY_AGAIN
    return 0


def _work(
    kafka: KafkaSettings, settings: WorkerSettings, instance: str, index: int, load: Load
) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    when_the_pool_ends(lambda: os.kill(os.getpid(), signal.SIGTERM))
    worker = Worker(
        kafka,
        settings,
        instance=instance,
        index=index,
        load=load,
        report=lambda report: report_to_the_pool(encode(report)),
    )
    signal.signal(signal.SIGTERM, lambda *_: worker.stop())
    if stop.is_set():
        worker.stop()
    _LOG.info("worker started", instance=instance, pid=os.getpid())
    worker.run()
