"""A replay under load, from revocation to a verified certificate, beside the worker's own rate.

``python -m bench.replay [--slots 1000000] [--rounds 5] [--json FILE]``

All of it on one embedded Kafka, in one run, by the commands that an operator uses. First a tenth
and three tenths of the slots, then all of them: half is scored under a sound model, half under a
corrupted one that is then revoked and replayed, with nothing else going on. This gives the rates of
a worker and of an executor on the same events, and the memory by number of slots.

Then slots come at 1,000/s. Each round measures live latency for a while, revokes the corrupted
model that is in force, and replays all that it ever emitted: the old half, and what came since. Its
replacement is corrupted too (the same artifact under another name) and the next round's culprit, so
that every round is a whole incident of half the slots; the last one's is sound. Before all that or,
every second round, after it, another worker scores a backlog of its own, a quarter of the slots,
beside the same traffic. An executor beside live traffic is compared with that worker, which has
no more of the two cores than it has; and with the worker alone, which has.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.backlog import PARTITIONS, publish, rate_of, slot_events
from bench.commands import CRENEAU, process, settings_of
from bench.incident import Incident, revoke_and_replay
from bench.live import Latency, LiveReader, read_along
from bench.models import promote, promote_model, register
from bench.replay_table import table
from broker.clients import new_admin
from broker.settings import KafkaSettings
from broker.topics import apply
from producer_contract.testing.broker import STEADY
from producer_contract.testing.embedded import EmbeddedKafka

SHARES = (0.1, 0.3, 1.0)
"""Of the slots: where memory is looked at."""
RATE = 1_000
"""Live slots per second."""
SETTLE_SECONDS = 3.0
SOUND = "sound"


@dataclass(frozen=True, slots=True)
class Alone:
    """One replay with no live traffic. ``worker_rates``: of the two halves, events per second."""

    slots: int
    worker_rates: list[float]
    incident: Incident


@dataclass(frozen=True, slots=True)
class Round:
    """One replay beside live traffic: latency before it, and from revocation to completion.

    ``worker_rate``: of a worker on a backlog beside the same live traffic, events per second.
    """

    worker_rate: float
    without: Latency
    during: Latency
    incident: Incident


@dataclass(frozen=True, slots=True)
class Arena:
    """Topics of their own with every slot scored, a worker running, a corrupted model in force."""

    kafka: KafkaSettings
    folder: Path
    worker_rates: list[float]
    culprits: list[str]

    def next_incident(self) -> Incident:
        """Revoke the model in force and replay what it emitted."""
        culprit = self.culprits.pop(0)
        replacement = self.culprits[0] if self.culprits else SOUND
        return revoke_and_replay(self.kafka, self.folder, culprit, replacement)


@contextmanager
def arena(bootstrap: str, folder: Path, slots: int, incidents: int) -> Iterator[Arena]:
    """Half of the slots under the sound model, half under the first of the corrupted ones."""
    kafka = KafkaSettings(bootstrap, prefix=f"slots{slots}-")
    apply(new_admin(kafka), kafka.names, partitions=PARTITIONS)
    culprits = [f"corrupted-{number + 1}" for number in range(incidents)]
    promote_model(kafka, folder, SOUND)
    for culprit in culprits:
        register(kafka, folder, culprit, corrupted=True)
    publish(kafka, slot_events(slots // 2, f"{slots}-sound"))
    with worker(kafka, folder):
        rates = [rate_of(kafka, kafka.names.worker_group)]
    promote(kafka, folder, culprits[0])
    publish(kafka, slot_events(slots - slots // 2, f"{slots}-corrupted"))
    with worker(kafka, folder):
        rates.append(rate_of(kafka, kafka.names.worker_group))
        yield Arena(kafka, folder, rates, culprits)


@contextmanager
def worker(kafka: KafkaSettings, folder: Path) -> Iterator[None]:
    """One worker process while this lasts."""
    command = [*CRENEAU, "worker", "--processes", "1", "--port", "0"]
    with process(command, settings_of(kafka, folder), folder / f"{kafka.prefix}worker.log"):
        yield


@dataclass(frozen=True, slots=True)
class Beside:
    """Topics of their own on the same Kafka, for a worker beside somebody else's live traffic."""

    kafka: KafkaSettings
    folder: Path

    @classmethod
    def of(cls, place: Arena) -> "Beside":
        """With the sound model in force, and nothing published."""
        kafka = KafkaSettings(place.kafka.bootstrap_servers, prefix="beside-")
        apply(new_admin(kafka), kafka.names, partitions=PARTITIONS)
        promote_model(kafka, place.folder, SOUND)
        return cls(kafka, place.folder)

    def worker_rate(self, count: int) -> float:
        """Publish so many events, then let a worker score them while somebody reads along."""
        publish(self.kafka, slot_events(count, f"beside-{time.time_ns()}"))
        with worker(self.kafka, self.folder), read_along(self.kafka):
            return rate_of(self.kafka, self.kafka.names.worker_group)


def live_rounds(place: Arena, rounds: int, window: float, backlog: int) -> Iterator[Round]:
    """Rounds beside live traffic; ``window``: seconds of measuring before each incident,
    ``backlog``: what the worker beside it scores in each."""
    slot_app = [*CRENEAU, "sandbox", "slot-app", "--rate", str(RATE)]
    log = place.folder / "slot-app.log"
    with ExitStack() as stack:
        reader = stack.enter_context(LiveReader(place.kafka))
        stack.enter_context(process(slot_app, settings_of(place.kafka, place.folder), log))
        reader.wait_for_traffic()
        beside = Beside.of(place)
        for number in range(rounds):
            first = beside.worker_rate(backlog) if number % 2 == 0 else None
            time.sleep(SETTLE_SECONDS)
            began = time.time()
            time.sleep(window)
            without = reader.latency(began, time.time())
            incident = place.next_incident()
            during = reader.latency(incident.revoked_at, incident.completed_at)
            worker_rate = beside.worker_rate(backlog) if first is None else first
            yield Round(worker_rate, without, during, incident)


def measure(
    slots: int, rounds: int, window: float, folder: Path
) -> tuple[list[Alone], list[Round]]:
    """Everything, on one Kafka in ``folder``."""
    alone: list[Alone] = []
    found: list[Round] = []
    with EmbeddedKafka(folder / "kafka", jvm=STEADY) as embedded:
        for share in SHARES:
            count = round(slots * share)
            last = share == SHARES[-1]
            with arena(
                embedded.bootstrap_servers, folder, count, 1 + (rounds if last else 0)
            ) as place:
                alone.append(Alone(count, place.worker_rates, place.next_incident()))
                _say(f"{count:,} slots, alone", alone[-1].incident)
                if not last:
                    continue
                for one in live_rounds(place, rounds, window, slots // 4):
                    found.append(one)
                    _say(f"round {len(found)}", one.incident, one)
    return alone, found


def _say(what: str, incident: Incident, live: Round | None = None) -> None:
    beside = (
        f" (a worker beside live traffic: {live.worker_rate:,.0f}/s), live p90 "
        f"{live.without.p90:.0f} → {live.during.p90:.0f} ms"
        if live
        else ""
    )
    print(
        f"{what}: fence + plan {incident.plan_seconds:.2f} s, {incident.corrected:,} corrected in "
        f"{incident.seconds:.1f} s at {incident.executor_rate:,.0f}/s, verified{beside}",
        flush=True,
    )


def results(alone: list[Alone], rounds: list[Round]) -> dict[str, object]:
    """What counts, and all of what it comes from."""
    whole = alone[-1]
    worker_rate = statistics.mean(whole.worker_rates)
    incidents = [one.incident for one in alone] + [one.incident for one in rounds]
    beside_rate = statistics.median(one.worker_rate for one in rounds)
    executor_rate = statistics.median(one.incident.executor_rate for one in rounds)
    p90 = {
        "without_ms": statistics.median(one.without.p90 for one in rounds),
        "during_ms": statistics.median(one.during.p90 for one in rounds),
    }
    return {
        "slots": whole.slots,
        "worker_per_second": worker_rate,
        "executor_per_second": whole.incident.executor_rate,
        "executor_to_worker": whole.incident.executor_rate / worker_rate,
        "beside_live": {
            "worker_per_second": beside_rate,
            "executor_per_second": executor_rate,
            "to_worker_beside": executor_rate / beside_rate,
            "to_worker_alone": executor_rate / worker_rate,
        },
        "preview_seconds_by_slots": {str(one.slots): one.incident.preview_seconds for one in alone},
        "plan_seconds": statistics.median(one.plan_seconds for one in incidents),
        "plan_seconds_worst": max(one.plan_seconds for one in incidents),
        "live_p90": p90 | {"ratio": p90["during_ms"] / p90["without_ms"]},
        "mib_by_slots": {
            name: {str(one.slots): getattr(one.incident, f"{name}_mib") for one in alone}
            for name in ("executor", "command", "verify")
        },
        "alone": [asdict(one) for one in alone],
        "rounds": [asdict(one) for one in rounds],
    }


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--slots", type=int, default=1_000_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--window", type=float, default=20.0, help="seconds without a replay")
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="creneau-bench-") as folder:
        found = results(*measure(chosen.slots, chosen.rounds, chosen.window, Path(folder)))
    print(table(found))
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
