"""The demo's own commands as processes: they end with it, however it ends."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from producer_contract.errors import UnavailableError
from producer_contract.testing import watched

STOP_SECONDS: Final = 15.0
_MAIN: Final = "from creneau.cli.main import main; main()"


class ChildDiedError(UnavailableError):
    """A command that the demo had started ended by itself, or with an error."""


@dataclass
class Child:
    """One ``creneau`` command in a process group of its own, its output in ``log``."""

    name: str
    log: Path
    process: "subprocess.Popen[bytes]"
    _lifeline: int | None

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def refuse_death(self) -> None:
        """Raise if the command has ended with an error.

        Raises:
            ChildDiedError: names the command, its log and its last line.
        """
        if self.process.poll():
            raise ChildDiedError(
                f"'creneau {self.name}' ended with {self.process.returncode}: {self.last_line()} "
                f"(see {self.log})"
            )

    def refuse_delay(self, what: str, seconds: float) -> None:
        """Say that the command is not done within ``seconds``.

        Raises:
            ChildDiedError: always.
        """
        raise ChildDiedError(
            f"'creneau {self.name}': {what} is not done after {seconds:.0f} s: {self.last_line()} "
            f"(see {self.log})"
        )

    def answer(self) -> dict[str, Any]:
        """What the command has printed with ``--json``.

        Raises:
            ChildDiedError: nothing of the kind.
        """
        for line in reversed(self.log.read_text("utf-8", "replace").splitlines()):
            with suppress(ValueError):
                found = json.loads(line)
                if isinstance(found, dict):
                    return found
        raise ChildDiedError(f"'creneau {self.name}' has no answer (see {self.log})")

    def stop(self) -> None:
        """SIGTERM, then SIGKILL for whatever is left of the group. Safe to call twice."""
        if self.running:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None

    def last_line(self) -> str:
        """What the command said last."""
        lines = self.log.read_text("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "(it said nothing)"


def start(
    arguments: Sequence[str], *, folder: Path, environment: Mapping[str, str], keep: bool = False
) -> Child:
    """Start ``creneau ARGUMENTS…`` in ``folder``, without the user's own settings.

    ``environment`` gives its ``CRENEAU_*`` variables. Unless ``keep`` is set it dies with us, even
    if we are killed.
    """
    others = {k: v for k, v in os.environ.items() if not k.startswith("CRENEAU_")}
    return start_python(
        " ".join(arguments[:2]),
        ["-c", _MAIN, *arguments],
        folder=folder,
        environment=others | dict(environment),
        keep=keep,
    )


def start_python(
    name: str,
    arguments: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    keep: bool = False,
) -> Child:
    """Start our Python with these arguments and exactly this environment, as ``start`` does."""
    log = folder / f"{name.replace(' ', '-')}.log"
    command = [sys.executable, *arguments]
    reading, lifeline = (None, None) if keep else os.pipe()
    if reading is not None:
        command = [sys.executable, "-I", "-S", watched.__file__, str(reading), *command]
    try:
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A group of its own: Ctrl-C is for the demo, which then stops its commands.
                start_new_session=True,
                pass_fds=() if reading is None else (reading,),
            )
    finally:
        if reading is not None:
            os.close(reading)
    return Child(name, log, process, lifeline)


def children_of(pid: int) -> list[int]:
    """The processes that ``pid`` has started, our watcher aside, oldest first."""
    return sorted(
        child
        for child, parent, command in _all_processes()
        if parent == pid and watched.__file__ not in command
    )


def _all_processes() -> Iterator[tuple[int, int, str]]:
    """Id, parent's id and command line of every process that runs (a zombie does not)."""
    if Path("/proc/self/stat").exists():
        yield from _by_proc()
        return
    yield from _by_ps()


def _by_ps() -> Iterator[tuple[int, int, str]]:
    # One -o for each: in POSIX, what follows a "=" is that column's header, commas included.
    columns = [word for name in ("pid", "ppid", "stat", "command") for word in ("-o", f"{name}=")]
    listed = subprocess.run(
        ["ps", "-A", "-ww", *columns], capture_output=True, text=True, check=True
    )
    for line in listed.stdout.splitlines():
        pid, parent, state, *command = line.split(maxsplit=3)
        if not state.startswith("Z"):
            yield int(pid), int(parent), "".join(command)


def _by_proc() -> Iterator[tuple[int, int, str]]:
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            stat = (entry / "stat").read_text("utf-8", "replace")
            command = (
                (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            )
        except OSError:
            continue  # it ended in between
        # The name, in parentheses, may hold anything; state and parent are the fields after it.
        state, parent = stat.rpartition(")")[2].split()[:2]
        if state not in "ZX":
            yield int(entry.name), int(parent), command
