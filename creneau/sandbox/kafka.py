"""The sandbox's Kafka: up in the background, found again by later commands, down by process id.

What is up is written to ``<var>/sandbox/sandbox.json``; data and logs lie in
``<var>/sandbox/kafka`` and stay there, so that a later ``up`` goes on with them.
"""

import json
import shutil
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from creneau.sandbox.alone import alone, unusable
from creneau.sandbox.processes import ask_to_stop, birth, wait_until_gone
from creneau.sandbox.state import FILE, RunningBroker, Sandbox, read
from producer_contract.errors import BadUseError
from producer_contract.testing.broker import STEADY, STOP_SECONDS, Broker
from producer_contract.testing.embedded import EmbeddedKafka


class AlreadyUpError(BadUseError):
    """The sandbox is up already."""


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
        try:
            return _recorded(folder / FILE, cluster)
        except BaseException:
            # Brokers that no later command could find would run for ever.
            cluster.stop()
            raise


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


def _alone(folder: Path) -> AbstractContextManager[None]:
    busy = f"another command is starting or stopping the sandbox in {folder}: wait for it"
    return alone(folder / "lock", busy)


def _recorded(file: Path, cluster: EmbeddedKafka) -> Sandbox:
    """Write down what runs; raises ``FolderUnusableError``."""
    sandbox = Sandbox(
        cluster.bootstrap_servers,
        tuple(_record(broker) for broker in cluster.brokers),
        datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    )
    try:
        _write(file, sandbox)
    except OSError as error:
        raise unusable(file.parent, error) from error
    return sandbox


def _record(broker: Broker) -> RunningBroker:
    return RunningBroker(broker.node_id, broker.port, broker.pid, birth(broker.pid) or "")


def _write(path: Path, sandbox: Sandbox) -> None:
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(json.dumps(asdict(sandbox), indent=2) + "\n", "utf-8")
    unfinished.replace(path)
