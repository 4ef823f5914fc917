"""The sandbox's Kafka: up in the background, found again by later commands, down by process id.

What is up is written to ``<var>/sandbox/sandbox.json``; data and logs lie in
``<var>/sandbox/kafka`` and stay there, so that a later ``up`` goes on with them.
"""

import fcntl
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from creneau.sandbox.processes import ask_to_stop, birth, wait_until_gone
from producer_contract.errors import BadUseError
from producer_contract.testing.broker import STEADY, STOP_SECONDS, Broker
from producer_contract.testing.embedded import EmbeddedKafka

FILE: Final = "sandbox.json"


class AlreadyUpError(BadUseError):
    """The sandbox is up already."""


class FolderUnusableError(BadUseError):
    """The sandbox's folder cannot be written to."""


class BusyError(BadUseError):
    """Another command is starting or stopping the sandbox."""


@dataclass(frozen=True, slots=True)
class RunningBroker:
    """A broker by its process: ``born`` tells it from a later process with the same id."""

    node_id: int
    port: int
    pid: int
    born: str

    @property
    def alive(self) -> bool:
        return birth(self.pid) == self.born


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What ``sandbox.json`` holds. ``started_at``: RFC 3339, UTC."""

    bootstrap_servers: str
    brokers: tuple[RunningBroker, ...]
    started_at: str

    @property
    def alive(self) -> int:
        """How many of the brokers are running."""
        return sum(broker.alive for broker in self.brokers)


def read(folder: Path) -> Sandbox | None:
    """The sandbox that was started last in ``folder`` and not stopped; None: there is none.

    Its processes may have gone since, with a reboot say: see ``Sandbox.alive``.
    """
    try:
        found: dict[str, Any] = json.loads((folder / FILE).read_text("utf-8"))
        brokers = tuple(RunningBroker(**broker) for broker in found["brokers"])
        return Sandbox(found["bootstrap_servers"], brokers, found["started_at"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadUseError(
            f"{folder / FILE} cannot be read ({error}): delete it; brokers that still run show "
            "as `java … kafka.Kafka` in ps"
        ) from error


def up(
    folder: Path,
    *,
    brokers: int = 1,
    port: int | None = None,
    server_properties: Mapping[str, str] | None = None,
) -> Sandbox:
    """Start Kafka in the background; it outlives this process and its terminal.

    Args:
        folder: ``<var>/sandbox``.
        brokers: 1, or 3 for a replicated cluster.
        port: of the first broker, the others follow; None: free ones.
        server_properties: broker settings that win over ours.

    Raises:
        AlreadyUpError, BusyError: it is up, or another command is at it.
        CreneauError: whatever ``EmbeddedKafka.start`` says.
    """
    with _alone(folder):
        running = read(folder)
        if running is not None and running.alive:
            raise AlreadyUpError(
                f"the sandbox is already up at {running.bootstrap_servers} ({running.alive} of "
                f"{len(running.brokers)} brokers run): stop it with creneau sandbox down"
            )
        ports = None if port is None else range(port, port + brokers)
        cluster = EmbeddedKafka(
            folder / "kafka",
            brokers,
            ports=ports,
            server_properties=server_properties,
            jvm=STEADY,
            watched=False,
        ).start()
        sandbox = Sandbox(
            cluster.bootstrap_servers,
            tuple(_record(broker) for broker in cluster.brokers),
            datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        )
        _write(folder / FILE, sandbox)
        return sandbox


def down(folder: Path, *, delete: bool = False) -> Sandbox | None:
    """Stop the sandbox's brokers; give what was up (None: nothing was).

    Args:
        delete: its data and logs too.

    Raises:
        BusyError: another command is at it.
    """
    if not folder.exists():
        return None
    with _alone(folder):
        sandbox = read(folder)
        running = [broker for broker in sandbox.brokers if broker.alive] if sandbox else []
        for broker in running:
            ask_to_stop(broker.pid, broker.born)
        for broker in running:
            wait_until_gone(broker.pid, broker.born, STOP_SECONDS)
        (folder / FILE).unlink(missing_ok=True)
        if delete:
            shutil.rmtree(folder / "kafka", ignore_errors=True)
        return sandbox if running else None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise FolderUnusableError(
            f"{folder} cannot be used ({error.strerror}): set CRENEAU_VAR to a folder that can be "
            "written to"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError(
                f"another command is starting or stopping the sandbox in {folder}: wait for it"
            ) from error
        yield


def _record(broker: Broker) -> RunningBroker:
    return RunningBroker(broker.node_id, broker.port, broker.pid, birth(broker.pid) or "")


def _write(path: Path, sandbox: Sandbox) -> None:
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(json.dumps(asdict(sandbox), indent=2) + "\n", "utf-8")
    unfinished.replace(path)
