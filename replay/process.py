"""One executor process: its number, its signals, its end with whoever started it.

When the pool has died, the executor stops. A chunk in its middle is given up: it is done again
whole by another one.
"""

import os
import signal
import sys
import threading
from contextlib import nullcontext
from pathlib import Path

import structlog

from broker.instance import first_free_index
from broker.pool_process import EXIT_TRY_AGAIN, when_the_pool_ends
from broker.recycling import IdentityTakenError
from broker.session import SessionLost
from broker.settings import KafkaSettings
from model.errors import ModelUnusable
from producer_contract.errors import BadUseError, CreneauError
from replay.certificate import NotCertifiableError
from replay.chunk_scorer import Load
from replay.errors import CountsDisagreeError, SourceRangesGoneError
from replay.executor import Executor
from replay.settings import ReplaySettings
from replay.source import Archive

_LOG = structlog.get_logger()

SOMEBODY_MUST_ACT = (
    BadUseError,
    CountsDisagreeError,
    IdentityTakenError,
    ModelUnusable,
    NotCertifiableError,
    SourceRangesGoneError,
)
"""What a new process would meet again: it ends the pool."""


def run(
    kafka: KafkaSettings,
    settings: ReplaySettings,
    *,
    host: str,
    var: Path,
    load: Load,
    archive: Archive | None = None,
    started: bool = False,
) -> int:
    """Execute until SIGTERM or the parent's end; the exit code.

    ``started``: by ``creneau replay start`` or ``resume``, whose executors are numbered by process.
    """
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    # A Ctrl-C reaches the whole foreground group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    when_the_pool_ends(stop.set)
    # Live scoring on the same machine goes first.
    os.nice(settings.niceness)
    number = nullcontext(f"start-{os.getpid()}") if started else first_free_index(var, "executor")
    try:
        with number as index:
            instance = f"{host}-{index}"
            executor = Executor(
                kafka, settings, instance=instance, load=load, stop=stop.is_set, archive=archive
            )
            _LOG.info("executor started", instance=instance, pid=os.getpid())
            try:
                executor.run()
            finally:
                executor.close()
    except CreneauError as error:
        print(f"creneau: {error}", file=sys.stderr, flush=True)
        return error.exit_code if isinstance(error, SOMEBODY_MUST_ACT) else EXIT_TRY_AGAIN
    except SessionLost as lost:
        print(f"creneau: {lost}", file=sys.stderr, flush=True)
        return EXIT_TRY_AGAIN
    return 0
