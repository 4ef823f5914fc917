"""One worker process of a pool: its number, its signals, its end with the pool's.

When the pool has died, the worker drains. On its standard output it reports, a line a second. Its
log goes to standard error.
"""

import os
import signal
import sys
from pathlib import Path

import structlog

from broker.garbage import collect_rarely
from broker.instance import first_free_index
from broker.pool_process import exit_code_of, report_to_the_pool, when_the_pool_ends
from broker.recycling import IdentityTakenError
from broker.settings import KafkaSettings
from broker.stopping import Stopping
from consumer.errors import DeadLetterLimitReachedError
from consumer.model_in_force import Load
from consumer.report import encode
from consumer.settings import WorkerSettings
from consumer.worker import Worker
from producer_contract.errors import BadUseError

_LOG = structlog.get_logger()

TURN_SECONDS = 0.0005
"""How long a thread keeps the interpreter while the other waits for it; Python's own are 5 ms.

One makes outcomes, a part of the time in NumPy and without the interpreter, the other hands those
before them to Kafka: in long turns neither works in the other's gaps (docs/decisions/0008)."""

SOMEBODY_MUST_ACT = (BadUseError, DeadLetterLimitReachedError, IdentityTakenError)
"""What a new process would meet again: it ends the pool."""


def run(kafka: KafkaSettings, settings: WorkerSettings, *, host: str, var: Path, load: Load) -> int:
    """Work until SIGTERM or the pool's death; the exit code."""
    # A Ctrl-C reaches the whole foreground group; the pool passes it on as SIGTERM.
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def work() -> None:
        with first_free_index(var, "worker") as index:
            _work(kafka, settings, f"{host}-{index}", index, load)

    return exit_code_of(work, SOMEBODY_MUST_ACT)


def _work(
    kafka: KafkaSettings, settings: WorkerSettings, instance: str, index: int, load: Load
) -> None:
    stop = Stopping()
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
    collect_rarely()
    sys.setswitchinterval(TURN_SECONDS)
    _LOG.info("worker started", instance=instance, pid=os.getpid())
    worker.run()
