"""One executor process: its number, its signals, its end with whoever started it.

When the pool has died, the executor stops. Chunks that are not written yet are given up: they
are done again whole by another one.
"""

import os
import signal
from contextlib import nullcontext
from pathlib import Path

import structlog

from broker.garbage import collect_rarely
from broker.instance import first_free_index
from broker.pool_process import exit_code_of, when_the_pool_ends
from broker.recycling import IdentityTakenError
from broker.settings import KafkaSettings
from broker.stopping import Stopping
from model.errors import ModelUnusable
from producer_contract.errors import BadUseError
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
    stop = Stopping()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    # A Ctrl-C reaches the whole foreground group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    when_the_pool_ends(stop.set)
    # Live scoring on the same machine goes first.
    os.nice(settings.niceness)
    number = nullcontext(f"start-{os.getpid()}") if started else first_free_index(var, "executor")

    def work() -> None:
        with number as index:
            instance = f"{host}-{index}"
            executor = Executor(
                kafka, settings, instance=instance, load=load, stop=stop.is_set, archive=archive
            )
            collect_rarely()
            _LOG.info("executor started", instance=instance, pid=os.getpid())
            try:
                executor.run()
            finally:
                executor.close()

    return exit_code_of(work, SOMEBODY_MUST_ACT)
