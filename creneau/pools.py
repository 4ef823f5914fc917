"""Running a pool of processes as a command: until a signal, with its metrics where it has some."""

import signal
from collections.abc import Callable
from typing import Any

import structlog

from broker.pool import Pool
from broker.stopping import Stopping
from consumer import health


def run_until_signalled(pool: Pool[Any]) -> int:
    """Run the pool until SIGTERM or Ctrl-C; its exit code.

    Raises:
        KeyboardInterrupt: a Ctrl-C ended it, whatever signal came after it.
    """
    stopped = Stopping()
    signals: list[int] = []

    def stop(number: int, _: object) -> None:
        signals.append(number)
        stopped.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    code = pool.run(stopped)
    if signal.SIGINT in signals:
        raise KeyboardInterrupt
    return code


def serve(pool: Pool[Any], metrics: Callable[[], bytes], port: int) -> int:
    """As ``run_until_signalled``, and answer ``/metrics``, ``/livez`` and ``/readyz`` meanwhile.

    Raises:
        PortInUseError: another program listens on ``port``.
    """
    paths = health.answers(metrics, pool.alive, pool.problems)
    with health.serving(port, paths) as listening:
        structlog.get_logger().info("pool started", processes=pool.processes, port=listening)
        return run_until_signalled(pool)
