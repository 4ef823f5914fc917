"""What is up, as ``sandbox.json`` has it: light to read, for every command asks."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from creneau.sandbox.processes import birth
from producer_contract.errors import BadUseError

FILE: Final = "sandbox.json"


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

    Raises:
        BadUseError: the file is there and cannot be read.
    """
    try:
        found: dict[str, Any] = json.loads((folder / FILE).read_text("utf-8"))
        brokers = tuple(RunningBroker(**broker) for broker in found["brokers"])
        return Sandbox(found["bootstrap_servers"], brokers, found["started_at"])
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadUseError(
            f"{folder / FILE} cannot be read ({error}): delete it; brokers that still run show "
            "as `java … kafka.Kafka` in ps"
        ) from error
