"""One executor process: its number, its signals, its end with whoever started it.

Its standard input is a pipe held open by its parent: when that ends, the parent has died, and the
executor stops. A chunk in its middle is given up: it is done again whole by another one.
"""

import os
import signal
import sys
import threading
from contextlib import nullcontext
from pathlib import Path

import structlog

from broker.session import SessionLost
from broker.settings import KafkaSettings
from model.errors import ModelUnusable
from producer_contract.errors import BadUseError, CreneauError
from replay.certificate import NotCertifiableError
from replay.chunk_scorer import Load
from replay.errors import CountsDisagreeError, ExecutorFencedError, SourceRangesGoneError
from replay.executor import Executor
from replay.instance import first_free_index
from replay.settings import ReplaySettings
from replay.source import Archive

_LOG = structlog.get_logger()

EXIT_TRY_AGAIN = 75
"""sysexits' EX_TEMPFAIL: a new process may find it mended."""

SOMEBODY_MUST_ACT = (
    BadUseError,
    CountsDisagreeError,
    ExecutorFencedError,
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
    _stop_with_the_parent(stop)
    # Live scoring on the same machine goes first.
    os.nice(settings.niceness)
    number = nullcontext(f"start-{os.getpid()}") if started else first_free_index(var)
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


def _stop_with_the_parent(stop: threading.Event) -> None:
    def wait() -> None:
        # Not sys.stdin: its lock, held by a thread at the interpreter's end, is a fatal error.
        while os.read(0, 4_096):
            pass
        stop.set()

    threading.Thread(target=wait, name="parent-watch", daemon=True).start()
