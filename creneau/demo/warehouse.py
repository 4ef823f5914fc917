"""The warehouse beside the story: the market is loaded, what was scored is archived, both reports.

All of it happens in commands that a thread of its own starts, and that give way where the story
wants the core: its times are what the demo is about. Whatever goes wrong here ends
here, as a ``WarehouseResult`` that says so.
"""

import os
import shlex
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Final

from creneau.demo.processes import Child, start_python
from creneau.demo.stage import Stage
from creneau.demo.view import View
from creneau.demo.warehouse_result import Printed, Stored, WarehouseResult
from creneau.sandbox import emulator_road
from creneau.sandbox.emulator_environment import EmulatorNotInstalledError, NoInterpreterError
from creneau.sandbox.processes import give_way
from producer_contract.errors import CreneauError, UnavailableError
from warehouse.settings import WarehouseSettings

INSTALL_SECONDS: Final = 900.0
PATIENCE_SECONDS: Final = 240.0
"""How long any other thing may take: it gives way to whatever else the machine does."""
_LOADS: Final = ("instructors", "meeting_points", "lessons", "bookings")
_DAYS: Final = ("--from", "2025-01-01", "--to", "2025-12-31")
REPORTS: Final = (
    ("lessons-by-department", "-p", "EI", *_DAYS),
    ("nth-lesson", *_DAYS, "--nth", "20"),
)
"""The market is small: few of its instructors give fifty lessons in a year."""
ARCHIVE: Final = {
    # All that there is to archive is there when it starts.
    "CRENEAU_ARCHIVE__BATCH_SECONDS": "0.5",
    "CRENEAU_ARCHIVE__IDLE_COMMIT_SECONDS": "0.5",
}


class _ClosedError(Exception):
    """The demo ends before this is done."""


class WarehouseBeside:
    """Starts at once; ``slots_have_ended`` lets it archive, ``finish`` waits for what came of it.

    Close it before the stage is left.
    """

    def __init__(self, stage: Stage, view: View, market: "Future[list[Path]]") -> None:
        self._stage = stage
        self._view = view
        self._market = market
        self._doing = "BigQuery's emulator starts"
        self._settings: dict[str, str] = {}
        self._stored: Mapping[str, Stored] = {}
        self._reports: list[Printed] = []
        self._left_out: str | None = None
        self._failure: str | None = None
        self._slots_ended = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="warehouse", daemon=True)
        self._thread.start()

    def slots_have_ended(self) -> None:
        """No more records come to the three topics."""
        self._slots_ended.set()

    def finish(self, records: Mapping[str, int]) -> WarehouseResult:
        """Wait until all is done, and hold it against the records that Kafka holds, by table."""
        said = ""
        while self._thread.is_alive():
            if said != self._doing:
                said = self._doing
                self._view.say(f"the warehouse: {said}")
            self._thread.join(0.1)
        if self._left_out or self._failure:
            return WarehouseResult(left_out=self._left_out, failure=self._failure)
        return WarehouseResult(records, self._stored, self._reports)

    def close(self) -> None:
        """End whatever goes on. Safe to call twice."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._work()
        except _ClosedError:
            self._failure = "the demo ended before it"
        except ModuleNotFoundError as error:
            self._left_out = f"'{error.name}' is absent: pip install 'creneau[warehouse]'"
        except (NoInterpreterError, EmulatorNotInstalledError) as error:
            self._left_out = str(error)
        except CreneauError as error:
            self._failure = str(error)
        except Exception as error:  # the story's verdict must be told whatever happens here
            self._failure = f"{type(error).__name__}: {error}"

    def _work(self) -> None:
        # Google's client is an extra, which may not be installed.
        from creneau.demo.archiving import stored

        self._install()
        endpoint = self._stage.start_emulator()
        self._settings = {"CRENEAU_WAREHOUSE__ENDPOINT": endpoint}
        self._load()
        self._reports = [self._print(*report) for report in REPORTS]
        self._await("the slots have not ended", self._slots_ended.is_set, seconds=None)
        self._archive()
        self._doing = "what is archived is counted"
        self._stored = stored(WarehouseSettings(endpoint=endpoint))

    def _install(self) -> None:
        """In a process of its own, which ends with the demo: here nothing could end it."""
        what = emulator_road.ahead()
        if what is None:
            return
        self._doing = f"BigQuery's emulator; {what}"
        self._view.say(f"the warehouse: {self._doing}")
        child = start_python(
            "emulator install",
            ["-m", "creneau.sandbox.emulator_road"],
            folder=self._stage.folder,
            environment=os.environ,
        )
        give_way(child.pid)
        try:
            self._to_its_end(child, INSTALL_SECONDS)
        except UnavailableError as error:
            raise EmulatorNotInstalledError(child.last_line()) from error
        finally:
            child.stop()

    def _load(self) -> None:
        self._command("warehouse", "apply")
        files = {file.stem: file for file in self._market.result()}
        for table in _LOADS:
            self._command("warehouse", f"load-{table.replace('_', '-')}", str(files[table]))

    def _print(self, *arguments: str) -> Printed:
        lines = self._command("report", *arguments).log.read_text("utf-8").splitlines()
        return Printed(shlex.join(["creneau", "report", *arguments]), lines)

    def _archive(self) -> None:
        from creneau.demo.archiving import all_archived

        self._doing = "what was scored is archived"
        archive = self._stage.start(
            "archive", "--port", "0", settings=self._settings | ARCHIVE, urgent=False
        )
        kafka = self._stage.kafka

        def done() -> bool:
            archive.refuse_death()
            return all_archived(kafka)

        try:
            self._await("not all is archived", done, every=0.3, child=archive)
        finally:
            # What it had committed is loaded; a count after its end is final.
            archive.stop()

    def _command(self, *arguments: str) -> Child:
        self._doing = f"creneau {' '.join(arguments[:2])}"
        child = self._stage.start(*arguments, settings=self._settings, urgent=False)
        self._to_its_end(child, PATIENCE_SECONDS)
        return child

    def _to_its_end(self, child: Child, seconds: float) -> None:
        self._await("it is not done", lambda: not child.running, seconds=seconds, child=child)
        child.refuse_death()

    def _await(
        self,
        what: str,
        done: Callable[[], bool],
        *,
        seconds: float | None = PATIENCE_SECONDS,
        every: float = 0.1,
        child: Child | None = None,
    ) -> None:
        deadline = None if seconds is None else time.monotonic() + seconds
        while not done():
            if self._closing.wait(every):
                raise _ClosedError
            if child and seconds and deadline and time.monotonic() > deadline:
                child.refuse_delay(what, seconds)
