"""The question that this product started from, once for real: 100,000,000 slots.

``python -m bench.hundred_million --folder DIR [--slots 100000000] [--json FILE]``

They are scored by a model that turns out to be corrupted, and all of them are replayed on this one
machine while 1,000 new ones a second come: one embedded Kafka in DIR, 8 partitions, the commands
that an operator uses. In phases:

- ``fill`` (``bench.fill``: realistic rows, unique ids),
- ``score`` with ``--workers`` processes and the corrupted model in force,
- ``replay``: live traffic begins, latency before, ``creneau model revoke --replay`` with
  ``--executors`` processes, latency during,
- ``verify`` of the certificate.

Each says every 10 s how far it is, and what it took is kept in DIR: stopped or failed, the same
command goes on where it was. At the end DIR is deleted, unless ``--keep``.
"""

import argparse
import json
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from bench.backlog import PARTITIONS, Position, published, rate_of
from bench.commands import CRENEAU, process, settings_of
from bench.disk import Disk, plain_bytes, refuse_too_little
from bench.fill import fill
from bench.hundred_million_table import table
from bench.incident import carry_out, log_of, replayed_of, verify
from bench.live import LiveReader
from bench.machine import describe
from bench.models import promote, register
from bench.watch import Watch, said_every
from broker.clients import new_admin
from broker.settings import KafkaSettings
from broker.topics import apply
from ledger.reader import read_ledger
from producer_contract.errors import CreneauError
from producer_contract.testing.broker import STEADY
from producer_contract.testing.embedded import EmbeddedKafka

RATE: Final = 1_000
"""Live slots per second, once all is scored."""
SAY_SECONDS: Final = 10.0
SETTLE_SECONDS: Final = 5.0
SOUND, CORRUPTED = "sound", "corrupted"
PHASES: Final = ("fill", "score", "replay", "verify")

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Orders:
    """What was asked for. ``window``: seconds of live latency measured before the revocation."""

    slots: int
    folder: Path
    fillers: int
    workers: int
    executors: int
    window: float
    until: str


class Journal:
    """What the phases took, in ``folder``: a phase that stands here is not done again.

    Raises:
        SystemExit: the folder is in use for something else, or for another number of slots.
    """

    def __init__(self, orders: Orders) -> None:
        self._path = orders.folder / "hundred-million.json"
        self.phases: dict[str, Figures] = {}
        if self._path.exists():
            kept = json.loads(self._path.read_text("utf-8"))
            if kept["slots"] != orders.slots:
                raise SystemExit(
                    f"{orders.folder} holds a run with {kept['slots']:,} slots: give --slots "
                    f"{kept['slots']}, or another folder"
                )
            self.phases = kept["phases"]
        elif orders.folder.exists() and any(orders.folder.iterdir()):
            raise SystemExit(f"{orders.folder} is not empty: give a folder of its own")
        orders.folder.mkdir(parents=True, exist_ok=True)
        self._slots = orders.slots
        self._write()

    def keep(self, phase: str, figures: Figures) -> None:
        """The phase is done."""
        self.phases[phase] = figures
        self._write()

    def _write(self) -> None:
        kept = {"slots": self._slots, "phases": self.phases}
        self._path.write_text(json.dumps(kept, indent=2) + "\n", "utf-8")


class Run:
    """All phases on one Kafka."""

    def __init__(
        self, orders: Orders, kafka: KafkaSettings, journal: Journal, watch: Watch
    ) -> None:
        self._orders = orders
        self._kafka = kafka
        self._journal = journal
        self._watch = watch
        self._folder = orders.folder
        self._disk = Disk(orders.folder / "kafka")

    def all(self) -> None:
        """Every phase that is not done yet, up to the last one asked for."""
        apply(new_admin(self._kafka), self._kafka.names, partitions=PARTITIONS)
        work = dict(zip(PHASES, (self._fill, self._score, self._replay, self._verify), strict=True))
        for name in PHASES[: PHASES.index(self._orders.until) + 1]:
            self._phase(name, work[name])

    def _phase(self, name: str, work: Callable[[], Figures]) -> None:
        if name in self._journal.phases:
            print(f"{name}: done before", flush=True)
            return
        print(f"{name}: begins", flush=True)
        with self._watch.phase() as phase:
            figures = work()
        usage = {role: asdict(usage) for role, usage in phase.usage.items()}
        figures = {
            "seconds": phase.seconds,
            **figures,
            "usage": usage,
            "disk": self._disk.by_topic(),
        }
        self._journal.keep(name, figures)
        print(f"{name}: done in {phase.seconds / 60:.1f} min", flush=True)

    def _fill(self) -> Figures:
        before = published(self._kafka)
        left, began = self._orders.slots - before, time.monotonic()
        with said_every(SAY_SECONDS, lambda: self._progress(published(self._kafka))):
            fill(self._kafka, self._folder, left, self._orders.fillers)
        there = published(self._kafka)
        if there != self._orders.slots:
            raise RuntimeError(
                f"slot-created holds {there:,} slots instead of {self._orders.slots:,}"
            )
        rate = left / (time.monotonic() - began)
        return {
            "slots": left,
            "per_second": rate,
            "plain": self._plain(self._kafka.names.slot_created),
        }

    def _score(self) -> Figures:
        known = read_ledger(self._kafka)
        for version in (SOUND, CORRUPTED):
            if version not in known.models:
                register(self._kafka, self._folder, version, corrupted=version == CORRUPTED)
        if known.in_force is None:
            promote(self._kafka, self._folder, CORRUPTED)
        group = self._kafka.names.worker_group
        position = Position(self._kafka, group)
        left = self._orders.slots - position.done()
        with said_every(SAY_SECONDS, lambda: self._progress(position.done())), self._workers():
            rate = rate_of(self._kafka, group)
        plain = self._plain(self._kafka.names.slot_probability)
        return {"slots": left, "per_second": rate, "plain": plain}

    def _replay(self) -> Figures:
        with ExitStack() as stack:
            stack.enter_context(self._workers())
            reader = stack.enter_context(LiveReader(self._kafka))
            slot_app = [*CRENEAU, "sandbox", "slot-app", "--rate", str(RATE)]
            stack.enter_context(self._process(slot_app, "slot-app.log"))
            reader.wait_for_traffic()
            time.sleep(SETTLE_SECONDS)
            began = time.time()
            time.sleep(self._orders.window)
            before = reader.latency(began, time.time())
            log = log_of(self._kafka, self._folder, "revoke", CORRUPTED)
            with said_every(SAY_SECONDS, lambda: last_line(log)), self._watch.phase() as incident:
                done = carry_out(
                    self._kafka, self._folder, CORRUPTED, SOUND, executors=self._orders.executors
                )
            status = json.loads(done.said)
            replayed = replayed_of(self._kafka, self._folder, CORRUPTED, status["id"])
            during = reader.latency(replayed.revoked_at, replayed.completed_at)
        return {
            "status": status,
            **asdict(replayed),
            "plan_seconds": replayed.plan_seconds,
            "replay_seconds": replayed.seconds,
            "latency": {"before": asdict(before), "during": asdict(during)},
            "certificate_bytes": Path(status["certificate"]).stat().st_size,
            "incident": {role: asdict(usage) for role, usage in incident.usage.items()},
        }

    def _verify(self) -> Figures:
        status = self._journal.phases["replay"]["status"]
        with said_every(SAY_SECONDS, lambda: "verifying"):
            proof = verify(self._kafka, self._folder, status)
        found = json.loads(proof.said)
        return {**found, "per_second": found["checked"] / proof.seconds}

    def _plain(self, topic: str) -> dict[str, float]:
        """The bytes of a record of every slot before compression."""
        return {topic: plain_bytes(self._kafka, topic) * self._orders.slots}

    def _workers(self) -> Any:
        command = [*CRENEAU, "worker", "--processes", str(self._orders.workers), "--port", "0"]
        return self._process(command, "worker.log")

    def _process(self, command: list[str], log: str) -> Any:
        return process(command, settings_of(self._kafka, self._folder), self._folder / log)

    def _progress(self, done: int) -> str:
        return f"{done:,} of {self._orders.slots:,}"


def last_line(log: Path) -> str:
    """The last line of a command's log; the replay's own progress, say."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 1_000))
        lines = file.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "starting"


def measure(orders: Orders) -> Figures:
    """Every phase that is not done yet, and the figures of all."""
    machine, journal = describe(), Journal(orders)
    refuse_too_little(orders.folder, orders.slots)
    with Watch() as watch, EmbeddedKafka(orders.folder / "kafka", jvm=STEADY) as embedded:
        kafka = KafkaSettings(embedded.bootstrap_servers)
        Run(orders, kafka, journal, watch).all()
    return {
        "slots": orders.slots,
        "workers": orders.workers,
        "executors": orders.executors,
        "phases": journal.phases,
        "machine": machine,
    }


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--folder", type=Path, required=True, help="Kafka and everything else")
    options.add_argument("--slots", type=int, default=100_000_000)
    options.add_argument("--fillers", type=int, default=2, help="processes that publish")
    options.add_argument("--workers", type=int, default=2, help="worker processes")
    options.add_argument("--executors", type=int, default=2, help="executor processes")
    options.add_argument("--window", type=float, default=60.0, help="seconds without a replay")
    options.add_argument("--until", choices=PHASES, default=PHASES[-1], help="stop after this one")
    options.add_argument("--keep", action="store_true", help="do not delete the folder at the end")
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    orders = Orders(
        slots=chosen.slots,
        folder=chosen.folder.absolute(),
        fillers=chosen.fillers,
        workers=chosen.workers,
        executors=chosen.executors,
        window=chosen.window,
        until=chosen.until,
    )
    try:
        found = measure(orders)
    except KeyboardInterrupt:
        sys.exit(f"stopped; the same command goes on from {orders.folder}")
    except (CreneauError, RuntimeError, TimeoutError) as error:
        sys.exit(f"{error}; once that is mended, the same command goes on from {orders.folder}")
    whole = orders.until == PHASES[-1]
    if whole:
        print(table(found))
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    if whole and not chosen.keep:
        shutil.rmtree(orders.folder)


if __name__ == "__main__":
    main()
