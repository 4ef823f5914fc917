"""What the demo plays on: a folder of its own, a Kafka of its own, commands of its own."""

import json
import shlex
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from broker.settings import KafkaSettings
from creneau.demo import processes
from creneau.demo.processes import Child
from creneau.sandbox import emulator_state
from creneau.sandbox import kafka as sandbox
from creneau.sandbox.alone import alone, unusable
from creneau.sandbox.emulator import Emulator
from creneau.sandbox.processes import give_way
from creneau.sandbox.state import read
from producer_contract.errors import BadUseError, UnavailableError
from producer_contract.testing.broker import STEADY
from producer_contract.testing.embedded import EmbeddedKafka
from producer_contract.testing.ports import free_ports

READY_SECONDS: Final = 60.0
EMULATOR_SECONDS: Final = 120.0
KEPT: Final = "kept.json"


class StillRunningError(BadUseError):
    """A demo that was kept is still running in the same folder."""


class WorkersNotReadyError(UnavailableError):
    """The workers do not get ready."""


@dataclass
class Stage:
    """Where everything is. ``folder`` is the ``CRENEAU_VAR`` of every command."""

    folder: Path
    kafka: KafkaSettings
    keep: bool
    settings: Mapping[str, str]
    """More ``CRENEAU_*`` variables of every command."""
    _stack: ExitStack = field(repr=False)

    @property
    def store_url(self) -> str:
        return str(self.folder / "models")

    def start(
        self, *arguments: str, settings: Mapping[str, str] | None = None, urgent: bool = True
    ) -> Child:
        """Start ``creneau ARGUMENTS…``; it ends with the demo.

        ``settings``: more, of this one; ``urgent`` False: everything else goes first.
        """
        environment = self._environment() | dict(settings or {})
        child = processes.start(arguments, folder=self.folder, environment=environment)
        if not urgent:
            give_way(child.pid)
        self._stack.callback(child.stop)
        return child

    def start_workers(self, processes_wanted: int) -> "Workers":
        """Start a pool of workers; without a model in force it waits, not ready."""
        port = free_ports(1)[0]
        workers = processes.start(
            ("worker", "--processes", str(processes_wanted), "--port", str(port)),
            folder=self.folder,
            environment=self._environment(),
            keep=self.keep,
        )
        _end(self._stack, workers.stop, only_on_failure=self.keep)
        if self.keep:
            kept = {"workers_pid": workers.pid, "workers_port": port}
            (self.folder / KEPT).write_text(json.dumps(kept) + "\n", "utf-8")
        return Workers(workers, port)

    def start_emulator(self) -> str:
        """Start BigQuery's emulator, behind everything else; where it answers.

        Raises:
            CreneauError: whatever ``Emulator.start`` says.
        """
        if self.keep:
            place = self.folder / "sandbox"
            running = emulator_state.up(place)
            _end(self._stack, lambda: emulator_state.down(place), only_on_failure=True)
            return running.endpoint
        emulator = Emulator(self.folder / "warehouse", urgent=False)
        self._stack.callback(emulator.stop)
        return emulator.start(EMULATOR_SECONDS).endpoint

    def _environment(self) -> dict[str, str]:
        """The settings of every command: the demo's own, whatever the user's are."""
        return {
            "CRENEAU_VAR": str(self.folder),
            "CRENEAU_BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
            **self.settings,
        }


@dataclass(frozen=True, slots=True)
class Workers:
    """A pool of workers, and the port where it says whether it is ready."""

    child: Child
    port: int

    def wait_until_ready(self) -> None:
        """Wait until every worker can score.

        Raises:
            ChildDiedError, WorkersNotReadyError: the pool ended, or says why it is not ready.
        """
        deadline = time.monotonic() + READY_SECONDS
        while (problem := _problem(self.port)) is not None:
            self.child.refuse_death()
            if time.monotonic() > deadline:
                raise WorkersNotReadyError(
                    f"the workers are not ready after {READY_SECONDS:.0f} s: {problem} "
                    f"(see {self.child.log})"
                )
            time.sleep(0.1)


def _problem(port: int) -> str | None:
    """Why the workers are not ready, None when they are."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
            return None
    except urllib.error.HTTPError as refused:
        return refused.read().decode("utf-8", "replace").strip().replace("\n", "; ")
    except OSError:
        return "they do not answer yet"


def _end(stack: ExitStack, end: Callable[[], object], *, only_on_failure: bool) -> None:
    """Call ``end`` when the stage is left, or only where that is by an error."""

    def leave(kind: object, _error: object, _trace: object) -> None:
        if kind is not None or not only_on_failure:
            end()

    stack.push(leave)


@contextmanager
def set_up(folder: Path, *, keep: bool, settings: Mapping[str, str]) -> Iterator[Stage]:
    """A stage with a running Kafka and nothing on it; all of it ends on leaving.

    With ``keep`` it goes on after a demo that ends well.

    Raises:
        CreneauError: Kafka does not start.
    """
    with ExitStack() as stack:
        bootstrap = _start_kafka(folder, keep, stack)
        yield Stage(folder, KafkaSettings(bootstrap), keep, settings, stack)


def alone_in(folder: Path) -> AbstractContextManager[None]:
    """No other demo may play in ``folder`` meanwhile: it would clear ours away.

    Raises:
        BusyError: one does.
        FolderUnusableError: the lock file, beside the folder, cannot be made.
    """
    busy = f"another demo is playing in {folder}: wait for it, or set CRENEAU_VAR to another folder"
    return alone(folder.with_suffix(".lock"), busy)


def clear(folder: Path) -> None:
    """Make ``folder`` an empty one, unless something runs from it.

    Raises:
        StillRunningError: a kept demo does.
        FolderUnusableError: it cannot be emptied or made.
    """
    try:
        there = read(folder / "sandbox")
        emulator = emulator_state.endpoint(folder / "sandbox")
        if (there is not None and there.alive) or emulator is not None:
            raise StillRunningError(
                f"a demo that was kept still runs from {folder}; {ways_around(folder)[-1]}"
            )
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
    except OSError as error:
        raise unusable(folder, error) from error


def _start_kafka(folder: Path, keep: bool, stack: ExitStack) -> str:
    if not keep:
        cluster = EmbeddedKafka(folder / "kafka", jvm=STEADY)
        return stack.enter_context(cluster).bootstrap_servers
    running = sandbox.up(folder / "sandbox")
    _end(stack, lambda: sandbox.down(folder / "sandbox"), only_on_failure=True)
    return running.bootstrap_servers


def ways_around(folder: Path) -> list[str]:
    """How to look around in a kept demo and how to stop it: a command a line."""
    var = f"CRENEAU_VAR={shlex.quote(str(folder))}"
    ways = [
        f"{var} creneau status",
        f"{var} creneau model log",
        f"{var} creneau replay list",
        f"{var} creneau dead list",
        f"{var} creneau sandbox slot-app --rate 100",
    ]
    if emulator_state.endpoint(folder / "sandbox") is not None:
        ways.append(f"{var} creneau report nth-lesson --from 2025-01-01 --to 2025-12-31 --nth 20")
    kept = _kept(folder)
    if kept is None:
        # It was killed while it started: its Kafka runs, its workers never did.
        return [*ways, f"stop it: {var} creneau sandbox down"]
    return [
        *ways,
        f"curl http://127.0.0.1:{kept['workers_port']}/metrics",
        f"stop it: kill {kept['workers_pid']} && {var} creneau sandbox down",
    ]


def _kept(folder: Path) -> dict[str, int] | None:
    try:
        kept = json.loads((folder / KEPT).read_text("utf-8"))
        return {name: int(kept[name]) for name in ("workers_pid", "workers_port")}
    except (OSError, ValueError, KeyError, TypeError):
        return None
