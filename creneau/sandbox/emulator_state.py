"""The sandbox's BigQuery emulator: up in the background, found again, down by process id.

What is up is written to ``<var>/sandbox/warehouse.json``; its tables lie in
``<var>/sandbox/warehouse`` and stay there.
"""

import json
import shutil
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from creneau.sandbox.alone import alone
from creneau.sandbox.processes import ask_to_stop, birth, wait_until_gone
from producer_contract.errors import BadUseError

if TYPE_CHECKING:
    from creneau.sandbox.emulator import Emulator

FILE: Final = "warehouse.json"
FOLDER: Final = "warehouse"
STOP_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class RunningEmulator:
    """By its process: ``born`` tells it from a later process with the same id."""

    endpoint: str
    pid: int
    born: str

    @property
    def alive(self) -> bool:
        return birth(self.pid) == self.born


def read(folder: Path) -> RunningEmulator | None:
    """The emulator that was started last in ``<var>/sandbox`` and not stopped; None: none was.

    Raises:
        BadUseError: the file is there and cannot be read.
    """
    try:
        return RunningEmulator(**json.loads((folder / FILE).read_text("utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError) as error:
        raise BadUseError(
            f"{folder / FILE} cannot be read ({error}): delete it; an emulator that still runs "
            "shows as `emulator_server.py` in ps"
        ) from error


def endpoint(folder: Path) -> str | None:
    """Where the sandbox's emulator answers; None: it is not up."""
    found = read(folder)
    return found.endpoint if found is not None and found.alive else None


def up(folder: Path) -> RunningEmulator:
    """Start the emulator in the background, unless it is up; it outlives this process.

    Raises:
        BusyError: another command is starting or stopping it.
        CreneauError: whatever ``Emulator.start`` says.
    """
    from creneau.sandbox.emulator import Emulator

    with _alone(folder):
        running = read(folder)
        if running is not None and running.alive:
            return running
        emulator = Emulator(folder / FOLDER, watched=False).start()
        try:
            return _recorded(folder / FILE, emulator)
        except BaseException:
            # An emulator that no later command could find would run for ever.
            emulator.stop()
            raise


def down(folder: Path, *, delete: bool = False) -> RunningEmulator | None:
    """Stop the emulator; give what was up (None: nothing was). ``delete``: its tables too.

    Raises:
        BusyError: another command is at it.
    """
    if not folder.exists():
        return None
    with _alone(folder):
        found = read(folder)
        running = found if found is not None and found.alive else None
        if running is not None:
            ask_to_stop(running.pid, running.born)
            wait_until_gone(running.pid, running.born, STOP_SECONDS)
        (folder / FILE).unlink(missing_ok=True)
        if delete:
            shutil.rmtree(folder / FOLDER, ignore_errors=True)
        return running


def _alone(folder: Path) -> AbstractContextManager[None]:
    busy = f"another command is starting or stopping the emulator in {folder}: wait for it"
    return alone(folder / "warehouse.lock", busy)


def _recorded(file: Path, emulator: "Emulator") -> RunningEmulator:
    running = RunningEmulator(emulator.endpoint, emulator.pid, birth(emulator.pid) or "")
    unfinished = file.with_suffix(".tmp")
    unfinished.write_text(json.dumps(asdict(running), indent=2) + "\n", "utf-8")
    unfinished.replace(file)
    return running
