"""``creneau replay verify`` by several processes at once, each with its share of the windows."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Final

import msgspec

from creneau.verify_process import Told
from producer_contract.errors import UnavailableError
from replay.canonical import Certificate, canonical
from replay.verify import Verification, offsets_of, together, windows_of

WORTH_IT_OFFSETS: Final = 500_000
"""Below it, starting a second process takes longer than it saves."""


class VerifyingEndedError(UnavailableError):
    """One of the processes could not look at its share."""


def processes_for(certificate: Certificate, asked: int | None, cores: int | None) -> int:
    """How many processes to look with: what was asked for, else one per core where it is worth
    it; never more than have something to do. Pure."""
    if asked is None:
        asked = (cores or 1) if offsets_of(certificate) >= WORTH_IT_OFFSETS else 1
    return max(1, min(asked, windows_of(certificate)))


def verify_with(
    processes: int, certificate: Certificate, so_far: Callable[[Verification], None]
) -> Verification:
    """Verify a certificate. ``so_far`` is told what all of them have found by now.

    Raises:
        VerifyingEndedError: one of them could not go on, or was killed.
    """
    lock = threading.Lock()
    latest = [Verification() for _ in range(processes)]

    def told(number: int, found: Verification) -> None:
        with lock:
            latest[number] = found
            so_far(together(latest))

    with (
        tempfile.TemporaryDirectory(prefix="creneau-verify-") as folder,
        ThreadPoolExecutor(processes) as threads,
    ):
        # Of their own: what the operator named may be a pipe, which is read once.
        path = Path(folder) / "certificate.json"
        path.write_bytes(canonical(certificate))
        looking = [_Looking(path, number, processes) for number in range(processes)]
        try:
            for done in as_completed([threads.submit(one.follow, told) for one in looking]):
                done.result()
        finally:
            # Of a failure or a Ctrl-C; those that have ended take no notice.
            for one in looking:
                one.kill()
    return together(latest)


class _Looking:
    """One process."""

    def __init__(self, path: Path, number: int, of: int) -> None:
        self._number = number
        self._log = path.with_name(f"{number}.log")
        command = [sys.executable, "-m", "creneau.verify_process", str(path), str(number), str(of)]
        with self._log.open("wb") as errors:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
            )

    def follow(self, told: Callable[[int, Verification], None]) -> None:
        """Read what it tells until it ends."""
        assert self._process.stdout is not None
        last = Told()
        for line in self._process.stdout:
            last = msgspec.json.decode(line, type=Told)
            told(self._number, last.found)
        code = self._process.wait()
        if last.error is not None:
            raise VerifyingEndedError(last.error)
        if code < 0:
            raise VerifyingEndedError(
                f"a process of verify was ended by {signal.Signals(-code).name}; where memory is "
                "short, try again with --processes 1"
            )
        if code:
            said = self._log.read_text("utf-8", "replace")
            raise RuntimeError(f"a process of verify ended with {code}:\n{said}")

    def kill(self) -> None:
        """End it; it only reads."""
        self._process.kill()


def cores() -> int | None:
    """Those that this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
