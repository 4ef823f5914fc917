"""A pool of processes of one command, started again with back-off when one ends.

The pool holds the standard input of each open, so that they end with it, and reads their reports,
a line each, from their standard output (see ``broker.pool_process`` for their side).
"""

import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, Generic, Protocol, TypeVar

import msgspec
import structlog

from broker.backoff import Backoff
from broker.pool_process import EXIT_TRY_AGAIN
from broker.stopping import Stopping

_LOG = structlog.get_logger()

CRASHED: Final = 1
"""How Python ends after an exception that nobody caught."""

LOOK_SECONDS = 0.2
STOP_SECONDS = 30.0
"""How long the processes may take to drain before they are killed."""

SILENT_SECONDS = 90.0
"""A process that has not reported for so long hangs, and is killed: longer than its own waits."""

FRESH_SECONDS = 10.0
"""A process that has not reported for so long is not ready."""


class Reported(Protocol):
    """A report. ``problem`` None: its process is ready."""

    @property
    def problem(self) -> str | None: ...


R = TypeVar("R", bound=Reported)


class Place(Generic[R]):
    """One place of the pool, and the process that is in it now."""

    def __init__(
        self,
        command: Sequence[str],
        kind: str,
        decode: Callable[[bytes], R] | None,
        backoff: Backoff,
    ) -> None:
        self._command = list(command)
        self._kind = kind
        self._decode = decode
        self._backoff = backoff
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._endings = 0
        self._start_at = 0.0
        self._heard = 0.0
        self.report: R | None = None
        self.starts = 0

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process is not None else None

    def start_if_due(self) -> None:
        """Start a process where none runs and the back-off has passed."""
        if self._process is not None or time.monotonic() < self._start_at:
            return
        reports = subprocess.PIPE if self._decode is not None else None
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=reports)
        self.starts += 1
        self._heard = self._start_at = time.monotonic()
        if self._decode is not None:
            arguments = (self._process, self._decode)
            self._reader = threading.Thread(target=self._read, args=arguments, daemon=True)
            self._reader.start()

    def ended(self) -> int | None:
        """The exit code of a process that has just ended (negative: by that signal)."""
        if self._process is None or self._process.poll() is None:
            return None
        process, self._process = self._process, None
        self._let_go(process)
        ran = time.monotonic() - self._start_at
        self._endings = self._backoff.endings_after(self._endings, ran)
        self._start_at = time.monotonic() + self._backoff.delay(self._endings)
        return process.returncode

    def take_report(self) -> R | None:
        """The last report of a process that has ended."""
        report, self.report = self.report, None
        return report

    def problem(self) -> str | None:
        """Why this place is not ready. Asked by the health endpoint's threads, too."""
        # Taken once: the pool's thread may take it away between two looks.
        report = self.report
        if self._process is None:
            return f"{self._kind} process is being restarted"
        if self._decode is None:
            return None
        if report is None:
            return f"{self._kind} process is starting"
        if time.monotonic() - self._heard > FRESH_SECONDS:
            return f"{self._kind} process {self.pid} has not reported for {FRESH_SECONDS:.0f} s"
        return report.problem

    def alive(self) -> bool:
        """Whether its process turns (one that is being restarted, or never reports, does)."""
        if self._process is None or self._decode is None:
            return True
        return time.monotonic() - self._heard < SILENT_SECONDS

    def kill_if_hanging(self) -> None:
        """End a process that does not turn any more; the next one starts from what is committed."""
        if self._process is not None and not self.alive():
            _LOG.error(f"{self._kind} process hangs, killing it", pid=self.pid)
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
            _LOG.error(f"{self._kind} process did not drain in time, killing it", pid=self.pid)
            self._process.kill()
            self._process.wait()
        process, self._process = self._process, None
        self._let_go(process)

    def _let_go(self, process: "subprocess.Popen[bytes]") -> None:
        if self._reader is not None:
            self._reader.join(timeout=1.0)
        if process.stdin is not None:
            process.stdin.close()

    def _read(self, process: "subprocess.Popen[bytes]", decode: Callable[[bytes], R]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            try:
                report = decode(line)
            except msgspec.DecodeError:
                # Something printed by a library: not ours to lose a process over.
                continue
            self.report = report
            self._heard = time.monotonic()
        process.stdout.close()


class Pool(Generic[R]):
    """Keeps ``processes`` processes of ``command`` running: ``run``, or ``turn`` and ``stop``.

    A process that was killed, that crashed or that met what may mend itself is started again.
    Another exit code ends the pool: the process has said on standard error what somebody must do.

    Args:
        kind: what a process is called in log lines and in the reasons for not being ready.
        decode: reads a line of a process' standard output, raising ``msgspec.DecodeError`` for what
            is none of its reports; None: its processes report nothing, and are not watched.
    """

    def __init__(
        self,
        command: Sequence[str],
        processes: int,
        *,
        kind: str,
        decode: Callable[[bytes], R] | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self._kind = kind
        self._places = [
            Place[R](command, kind, decode, backoff or Backoff()) for _ in range(processes)
        ]
        self._lock = threading.Lock()

    @property
    def processes(self) -> int:
        """How many there shall be."""
        return len(self._places)

    @property
    def pids(self) -> list[int]:
        """The processes that run now."""
        return [place.pid for place in self._places if place.pid is not None]

    @property
    def restarts(self) -> int:
        """How often a process was started again."""
        return sum(max(0, place.starts - 1) for place in self._places)

    def run(self, stopped: Stopping) -> int:
        """Run until ``stopped`` is set (0), or an exit code says that somebody has to act."""
        code = 0
        try:
            while not stopped.is_set() and code == 0:
                code = self.turn()
                stopped.wait(LOOK_SECONDS)
        finally:
            self.stop()
        return code

    def turn(self) -> int:
        """Start what is due; 0, or the exit code of a process that cannot go on."""
        for place in self._places:
            code = place.ended()
            if code is not None:
                self._keep_last_words(place)
                if code > 0 and code not in (CRASHED, EXIT_TRY_AGAIN):
                    return code
                _LOG.warning(f"{self._kind} process ended, starting another", exit_code=code)
            place.kill_if_hanging()
            place.start_if_due()
        return 0

    def stop(self) -> None:
        """Let every process drain, and wait for them."""
        deadline = time.monotonic() + STOP_SECONDS
        for place in self._places:
            place.terminate()
        for place in self._places:
            place.wait(deadline)

    def reports(self) -> list[R]:
        """The last report of each process that runs."""
        return [report for place in self._places if (report := place.report) is not None]

    def problems(self) -> list[str]:
        """Why the pool is not ready; empty: it is."""
        return [problem for place in self._places if (problem := place.problem()) is not None]

    def alive(self) -> bool:
        """Whether every process turns."""
        return all(place.alive() for place in self._places)

    def keep(self, report: R) -> None:
        """Called with the last report of each process that has ended, under ``_lock``."""

    def _keep_last_words(self, place: Place[R]) -> None:
        with self._lock:
            report = place.take_report()
            if report is not None:
                self.keep(report)
