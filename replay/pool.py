"""Executor processes, started again with back-off when one dies."""

import subprocess
import time
from collections.abc import Sequence
from typing import Final

import structlog

from replay.process import EXIT_TRY_AGAIN

_LOG = structlog.get_logger()

_AGAIN = (1, EXIT_TRY_AGAIN)
"""A crash, or something that may mend itself."""

STOP_SECONDS: Final = 30.0
FIRST_DELAY: Final = 0.5
LONGEST_DELAY: Final = 30.0
STEADY_SECONDS: Final = 60.0
"""A process that has run so long begins anew with the shortest delay."""


class _Place:
    """One place of the pool, and the process in it."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self.process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._start_at = 0.0
        self._delay = FIRST_DELAY

    def start_if_due(self) -> None:
        if self.process is None and time.monotonic() >= self._start_at:
            self.process = subprocess.Popen(self._command, stdin=subprocess.PIPE)
            self._started = time.monotonic()

    def ended(self) -> int | None:
        """The exit code of a process that has just ended (negative: by that signal)."""
        if self.process is None or self.process.poll() is None:
            return None
        process, self.process = self.process, None
        assert process.stdin is not None
        process.stdin.close()
        now = time.monotonic()
        steady = now - self._started > STEADY_SECONDS
        self._delay = FIRST_DELAY if steady else min(self._delay * 2, LONGEST_DELAY)
        self._start_at = now + self._delay
        return process.returncode


class ExecutorPool:
    """Keeps ``processes`` processes of ``command`` running. Call ``turn`` now and then.

    A process that was killed, or that met what may mend itself, is started again. Another exit
    code ends the pool: the process has said on standard error what somebody must do.
    """

    def __init__(self, command: Sequence[str], processes: int) -> None:
        self._places = [_Place(command) for _ in range(processes)]

    @property
    def pids(self) -> list[int]:
        """The processes that run now."""
        return [place.process.pid for place in self._places if place.process is not None]

    def turn(self) -> int:
        """Start what is due; 0, or the exit code of an executor that cannot go on."""
        for place in self._places:
            code = place.ended()
            if code is not None and code > 0 and code not in _AGAIN:
                return code
            if code is not None:
                _LOG.warning("executor process ended, starting another", exit_code=code)
            place.start_if_due()
        return 0

    def stop(self) -> None:
        """Let every process finish or give up its chunk, and wait for them."""
        deadline = time.monotonic() + STOP_SECONDS
        running = [place.process for place in self._places if place.process is not None]
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdin is not None:
                process.stdin.close()
