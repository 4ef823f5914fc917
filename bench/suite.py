"""Every measurement, one after the other: ``make bench``; three of them, small, in under 3 minutes
on idle cores: ``make bench-quick``.

``python -m bench.suite [--quick] [--only NAME ...] [--render]``

Each is a process of its own (``python -m bench.NAME --json FILE``), so that one that fails takes no
other with it: that is said, the rest goes on, and the exit code is 1. A figure that misses its
target is no failure. Results go to ``bench/results/`` with the machine's description, and into
``docs/performance.md``; ``--render`` makes the page again from what is there. ``--quick`` prints
its ratios, which of them are of a single round, and its time; it leaves both alone.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.machine import describe
from bench.rendering import PLOTS, plots, provenance, render, unshowable
from bench.targets import rows

ROOT: Final = Path(__file__).parents[1]
RESULTS: Final = ROOT / "bench" / "results"
QUICK_RESULTS: Final = ROOT / ".bench" / "quick"
PAGE: Final = ROOT / "docs" / "performance.md"


@dataclass(frozen=True, slots=True)
class Measurement:
    """``quick``: the arguments of its small form; None: it has none."""

    name: str
    quick: tuple[str, ...] | None = None

    @property
    def quick_is_one_round(self) -> bool:
        return self.quick is not None and self.quick[-2:] == ("--rounds", "1")


MEASUREMENTS: Final = (
    Measurement("worker_rate", ("--events", "400000", "--rounds", "3")),
    Measurement("executor_rate", ("--slots", "600000", "--rounds", "1")),
    Measurement("latency", ("--window", "8", "--rounds", "1")),
    Measurement("peers"),
    Measurement("processes"),
    Measurement("thousand"),
    Measurement("profile"),
    Measurement("memory"),
    Measurement("runs"),
    Measurement("swap"),
    Measurement("give_way"),
    Measurement("start"),
    Measurement("replay"),
    Measurement("scoring"),
    Measurement("departements"),
    Measurement("embedded"),
)


def measure(name: str, arguments: Sequence[str], folder: Path) -> bool:
    """Run one measurement and keep what it found, with the machine's description."""
    machine = describe()
    file = folder / f"{name}.json"
    # Beside its place: a measurement that fails leaves the older result as it was.
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    print(f"== {name}", flush=True)
    began = time.monotonic()
    command = [sys.executable, "-m", f"bench.{name}", *arguments, "--json", str(fresh)]
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    took = time.monotonic() - began
    if code or not fresh.exists():
        why = f"ended with {code}" if code else "wrote no result"
        print(f"== {name}: FAILED after {took:.0f} s, it {why}", flush=True)
        return False
    found = json.loads(fresh.read_text("utf-8")) | {"machine": machine}
    file.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", "utf-8")
    fresh.unlink()
    print(f"== {name}: done in {took:.0f} s", flush=True)
    return True


def results_of(folder: Path, names: Iterable[str] | None = None) -> dict[str, Any]:
    """What lies in a folder, by measurement; only ``names`` if given."""
    files = sorted(folder.glob("*.json"))
    return {
        file.stem: json.loads(file.read_text("utf-8"))
        for file in files
        if names is None or file.stem in names
    }


def say(results: dict[str, Any]) -> None:
    """The targets that were measured, and on what machine."""
    for what, measured, bound, goal, verdict in rows(results):
        aim = f"(needed {bound}; goal {goal})" if bound and goal else f"({bound or goal})"
        print(f"{what:44} {measured:>12}  {verdict:12} {aim if bound or goal else ''}".rstrip())
    for found in list(results.values())[:1]:
        print(provenance(found["machine"]))


def write_page() -> None:
    """Tables and plots of ``docs/performance.md`` from all results that are there; one that an
    older bench wrote in another form is named and left out."""
    results = results_of(RESULTS)
    for name, why in unshowable(results).items():
        print(f"{name}: not shown, its result has another form ({why}): measure it again")
    PAGE.write_text(render(PAGE.read_text("utf-8"), results), "utf-8")
    folder = PAGE.parent / PLOTS
    folder.mkdir(exist_ok=True)
    for name, svg in plots(results):
        (folder / name).write_text(svg, "utf-8")


def main() -> int:
    """Run what was chosen; 1 if a measurement failed."""
    options = argparse.ArgumentParser(prog="python -m bench.suite", description=__doc__)
    options.add_argument("--quick", action="store_true", help="small, and printed only")
    options.add_argument("--render", action="store_true", help="measure nothing, write the page")
    options.add_argument("--only", nargs="+", choices=[each.name for each in MEASUREMENTS])
    chosen = options.parse_args()
    if chosen.render:
        write_page()
        return 0
    began = time.monotonic()
    folder = QUICK_RESULTS if chosen.quick else RESULTS
    folder.mkdir(parents=True, exist_ok=True)
    picked = [
        each
        for each in MEASUREMENTS
        if (not chosen.only or each.name in chosen.only)
        and (not chosen.quick or each.quick is not None)
    ]
    done = [
        each.name
        for each in picked
        if measure(each.name, (each.quick or ()) if chosen.quick else (), folder)
    ]
    say(results_of(folder, done))
    if chosen.quick:
        single = [each.name for each in picked if each.quick_is_one_round and each.name in done]
        if single:
            print(f"of a single round, not of a median: {', '.join(single)}")
        print(f"all of it took {time.monotonic() - began:.0f} s")
    else:
        write_page()
    failed = [each.name for each in picked if each.name not in done]
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
