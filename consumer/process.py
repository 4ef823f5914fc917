"""One worker process of a pool: its number, its signals, its end with the pool's.

Its standard input is a pipe that the pool holds open: when it ends, the pool has died, and the
worker drains. On its standard output it reports, a line a second. Its log goes to standard error.
"""

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import structlog

from broker.session import SessionLost
from broker.settings import KafkaSettings
from consumer.errors import DeadLetterLimitReachedError
from consumer.instance import first_free_index
from consumer.model_in_force import Load
from consumer.report import Report, encode
from consumer.settings import WorkerSettings
from consumer.worker import Worker
from producer_contract.errors import BadUseError, CreneauError

EXIT_TRY_AGAIN = 75
"""sysexits' EX_TEMPFAIL: a new process may find it mended. Anything else stops the pool."""

_LOG = structlog.get_logger()


def run(kafka: KafkaSettings, settings: WorkerSettings, *, host: str, var: Path, load: Load) -> int:
    """Work until SIGTERM or the pool's death; the exit code."""
    # A Ctrl-C reaches the whole foreground group; the pool passes it on as SIGTERM.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with first_free_index(var) as index:
            _work(kafka, settings, f"{host}-{index}", index, load)
    except (DeadLetterLimitReachedError, BadUseError) as error:
        print(f"creneau: {error}", file=sys.stderr, flush=True)
        return error.exit_code
    except (CreneauError, SessionLost) as error:
        print(f"creneau: {error}", file=sys.stderr, flush=True)
        return EXIT_TRY_AGAIN
    return 0


def _work(
    kafka: KafkaSettings, settings: WorkerSettings, instance: str, index: int, load: Load
) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    _die_with_the_pool()
    worker = Worker(
        kafka, settings, instance=instance, index=index, load=load, report=_report_to_the_pool
    )
    signal.signal(signal.SIGTERM, lambda *_: worker.stop())
    if stop.is_set():
        worker.stop()
    _LOG.info("worker started", instance=instance, pid=os.getpid())
    worker.run()


def _report_to_the_pool(report: Report) -> None:
    try:
        sys.stdout.buffer.write(encode(report))
        sys.stdout.buffer.flush()
    except OSError:
        # The pool is gone; the end of standard input tells us so, too, and is acted on.
        return


def _die_with_the_pool() -> None:
    def wait() -> None:
        # Not sys.stdin: its lock, held by a thread at the interpreter's end, is a fatal error.
        while os.read(0, 4_096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="pool-watch", daemon=True).start()


def configure_log(*, stream: Any = sys.stderr) -> None:
    """structlog to ``stream``: for people at a terminal, JSON lines elsewhere."""
    processors: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if stream.isatty():
        processors.append(structlog.dev.ConsoleRenderer())
    else:
        processors.append(structlog.processors.JSONRenderer())
    structlog.configure(
        processors=processors, logger_factory=structlog.PrintLoggerFactory(file=stream)
    )
