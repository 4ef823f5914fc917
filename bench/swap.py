"""How fast a promotion takes hold under live traffic, and whether anybody has to wait for it.

``python -m bench.swap [--rate 1000] [--promotions 5] [--json FILE]``

One worker scores a steady stream of slots; two models are promoted in turns. From Kafka's timestamp
of the record on the ledger until a plain read_committed reader has the first output of the new
epoch; and the longest time in which that reader had no output at all, around the promotion and in
as long a time just before it.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import msgspec

from bench.arrivals import Arrivals
from bench.backlog import PARTITIONS
from bench.commands import CRENEAU, process, settings_of
from bench.models import promote, promote_model, register
from broker.clients import new_admin
from broker.log import read_to_end
from broker.settings import KafkaSettings
from broker.topics import apply
from producer_contract.testing.broker import STEADY
from producer_contract.testing.embedded import EmbeddedKafka

VERSIONS: Final = ("sound", "corrupted")
AROUND_SECONDS: Final = 2.0
"""Before the record and after it."""
SETTLE_SECONDS: Final = 5.0
WAIT_SECONDS: Final = 30.0


class _Output(msgspec.Struct):
    epoch: int


@dataclass(frozen=True, slots=True)
class Swap:
    """Seconds. ``gap``: the longest without an output around it; ``calm_gap``: before that."""

    seconds: float
    gap: float
    calm_gap: float


def measure(kafka: KafkaSettings, folder: Path, version: str, outputs: Arrivals[int]) -> Swap:
    """One promotion, from a calm stretch before it to one after it."""
    time.sleep(SETTLE_SECONDS + 3 * AROUND_SECONDS)
    place = outputs.place()
    epoch = promote(kafka, folder, version)
    arrived = outputs.wait_for(lambda of: of == epoch, WAIT_SECONDS, place)
    written = written_at(kafka, epoch)
    time.sleep(AROUND_SECONDS + 0.5)

    def gap(began: float) -> float:
        ended = began + 2 * AROUND_SECONDS
        return longest_gap([at for at, _ in outputs.between(began, ended)], began, ended)

    return Swap(arrived - written, gap(written - AROUND_SECONDS), gap(written - 3 * AROUND_SECONDS))


def written_at(kafka: KafkaSettings, offset: int) -> float:
    """Kafka's timestamp of a record on the ledger, in seconds since 1970."""
    records = read_to_end(kafka, kafka.names.model_ledger, partitions=[0], starts={0: offset})
    return next(iter(records)).timestamp()[1] / 1_000


def longest_gap(times: Iterable[float], began: float, ended: float) -> float:
    """The longest stretch between ``began`` and ``ended`` without any of ``times``. Pure."""
    return max(after - before for before, after in pairwise([began, *sorted(times), ended]))


def run(rate: float, promotions: int, folder: Path) -> dict[str, Any]:
    """All promotions, on one Kafka."""
    swaps = []
    with EmbeddedKafka(folder / "kafka", jvm=STEADY) as embedded:
        kafka = KafkaSettings(embedded.bootstrap_servers)
        apply(new_admin(kafka), kafka.names, partitions=PARTITIONS)
        promote_model(kafka, folder, VERSIONS[0])
        register(kafka, folder, VERSIONS[1], corrupted=True)
        settings = settings_of(kafka, folder)
        worker = [*CRENEAU, "worker", "--processes", "1", "--port", "0"]
        slot_app = [*CRENEAU, "sandbox", "slot-app", "--rate", str(rate)]
        read = msgspec.json.Decoder(_Output).decode
        with (
            Arrivals(kafka, kafka.names.slot_probability, lambda value: _epoch(read, value)) as out,
            process(worker, settings, folder / "worker.log"),
            process(slot_app, settings, folder / "slot-app.log"),
        ):
            out.wait_for(lambda _: True, WAIT_SECONDS)
            for number in range(promotions):
                one = measure(kafka, folder, VERSIONS[(number + 1) % 2], out)
                swaps.append(one)
                print(
                    f"promotion {number + 1}: first output after {one.seconds:.2f} s, longest gap "
                    f"{one.gap:.2f} s ({one.calm_gap:.2f} s before)",
                    flush=True,
                )
    return {"rate": rate} | results(swaps)


def _epoch(read: Any, value: bytes | None) -> int | None:
    return None if value is None else read(value).epoch


def results(swaps: Sequence[Swap]) -> dict[str, Any]:
    """Each promotion, the medians and the worst. Pure."""
    rounds = [asdict(swap) for swap in swaps]
    return {
        "rounds": rounds,
        "median": {name: statistics.median(one[name] for one in rounds) for name in rounds[0]},
        "worst": {name: max(one[name] for one in rounds) for name in rounds[0]},
    }


def main() -> None:
    """Measure, print, and write JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rate", type=float, default=1_000, help="events per second")
    parser.add_argument("--promotions", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="creneau-bench-") as folder:
        found = run(options.rate, options.promotions, Path(folder))
    print(f"worst: {found['worst']['seconds']:.2f} s (promised: within 1 s)")
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
