"""N worker processes, started again with back-off when one ends."""

import subprocess
import threading
import time
from collections.abc import Sequence

import msgspec
import structlog

from consumer.backoff import Backoff
from consumer.exposition import PoolState
from consumer.process import EXIT_TRY_AGAIN
from consumer.report import Counts, Report, decode

_LOG = structlog.get_logger()

LOOK_SECONDS = 0.2
STOP_SECONDS = 30.0
"""How long the processes may take to drain before they are killed."""

SILENT_SECONDS = 90.0
"""A worker that has not reported for so long hangs, and is killed: longer than its own waits."""

FRESH_SECONDS = 10.0
"""A worker that has not reported for so long is not ready."""


class Slot:
    """One place of the pool, and the process that is in it now."""

    def __init__(self, command: Sequence[str], backoff: Backoff) -> None:
        self._command = command
        self._backoff = backoff
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._endings = 0
        self._start_at = 0.0
        self._heard = 0.0
        self.report: Report | None = None
        self.starts = 0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def start_if_due(self) -> None:
        """Start a process where none runs and the back-off has passed."""
        if self._process is not None or time.monotonic() < self._start_at:
            return
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.starts += 1
        self._heard = self._start_at = time.monotonic()
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()

    def ended(self) -> int | None:
        """The exit code of a process that has just ended (negative: by that signal)."""
        if self._process is None or self._process.poll() is None:
            return None
        process, self._process = self._process, None
        if self._reader is not None:
            self._reader.join(timeout=1.0)
        if process.stdin is not None:
            process.stdin.close()
        ran = time.monotonic() - self._start_at
        self._endings = self._backoff.endings_after(self._endings, ran)
        self._start_at = time.monotonic() + self._backoff.delay(self._endings)
        return process.returncode

    def take_report(self) -> Report | None:
        """The last report of a process that has ended."""
        report, self.report = self.report, None
        return report

    def problem(self) -> str | None:
        """Why this place is not ready."""
        if self._process is None:
            return "worker process is being restarted"
        if self.report is None:
            return "worker process is starting"
        if time.monotonic() - self._heard > FRESH_SECONDS:
            return f"worker process {self.pid} has not reported for {FRESH_SECONDS:.0f} s"
        return self.report.problem

    def alive(self) -> bool:
        """Whether its process turns (one that is being restarted does)."""
        return self._process is None or time.monotonic() - self._heard < SILENT_SECONDS

    def kill_if_hanging(self) -> None:
        """End a process that does not turn any more; the next one starts from what is committed."""
        if self._process is not None and not self.alive():
            _LOG.error("worker process hangs, killing it", pid=self.pid)
            self._process.kill()

    def terminate(self) -> None:
        """Ask its process to drain."""
        if self._process is not None:
            self._process.terminate()

    def wait(self, deadline: float) -> None:
        """Wait for the end until ``deadline`` (monotonic), then kill."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            _LOG.error("worker process did not drain in time, killing it", pid=self.pid)
            self._process.kill()
            self._process.wait()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            try:
                report = decode(line)
            except msgspec.DecodeError:
                # Something printed by a library: not ours to lose a worker over.
                continue
            self.report = report
            self._heard = time.monotonic()
        process.stdout.close()


class Pool:
    """Keeps ``processes`` processes of ``command`` running."""

    def __init__(
        self, command: Sequence[str], processes: int, backoff: Backoff | None = None
    ) -> None:
        self._slots = [Slot(command, backoff or Backoff()) for _ in range(processes)]
        self._ended = Counts()
        self._stop = threading.Event()
        self._lock = threading.Lock()

    @property
    def pids(self) -> list[int]:
        return [slot.pid for slot in self._slots if slot.pid is not None]

    def stop(self) -> None:
        """Drain all processes and return from ``run``. Callable from a signal."""
        self._stop.set()

    def run(self) -> int:
        """Run until ``stop`` (0), or until a process says that somebody has to act (its code)."""
        code = 0
        try:
            while not self._stop.is_set() and code == 0:
                code = self._turn()
                self._stop.wait(LOOK_SECONDS)
        finally:
            self._shut_down()
        return code

    def state(self) -> PoolState:
        """What ``/metrics`` tells."""
        with self._lock:
            counts = Counts()
            counts.add(self._ended)
            reports = [slot.report for slot in self._slots if slot.report is not None]
            for report in reports:
                counts.add(report.counts)
            restarts = sum(max(0, slot.starts - 1) for slot in self._slots)
            return PoolState(reports, counts, len(self._slots), restarts)

    def problems(self) -> list[str]:
        """Why the pool is not ready; empty: it is."""
        return [problem for slot in self._slots if (problem := slot.problem()) is not None]

    def alive(self) -> bool:
        """Whether every process turns."""
        return all(slot.alive() for slot in self._slots)

    def _turn(self) -> int:
        for slot in self._slots:
            code = slot.ended()
            if code is not None:
                self._keep_counts(slot)
                if code > 0 and code != EXIT_TRY_AGAIN and code != 1:
                    return code
                _LOG.warning("worker process ended, starting another", exit_code=code)
            slot.kill_if_hanging()
            slot.start_if_due()
        return 0

    def _keep_counts(self, slot: Slot) -> None:
        with self._lock:
            report = slot.take_report()
            if report is not None:
                self._ended.add(report.counts)

    def _shut_down(self) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        for slot in self._slots:
            slot.terminate()
        for slot in self._slots:
            slot.wait(deadline)
