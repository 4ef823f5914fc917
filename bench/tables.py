"""What each measurement found, as tables. Pure."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from bench import hundred_million_table, profile_table, replay_table
from bench.markdown import Row, table
from bench.plots import number

Found = Mapping[str, Any]


def medians(found: Found) -> str:
    """Any measurement: its medians and ratios, or else all numbers that it found, a row each."""
    chosen = {name: found[name] for name in ("median", "ratio") if name in found}
    return table(("", "measured"), leaves(chosen or found))


def leaves(found: Found, before: str = "") -> Iterator[tuple[str, float]]:
    """Every number in a mapping of mappings, by its path in words; lists are left out."""
    for name, value in found.items():
        path = f"{before} {name}".strip().removeprefix("median ").replace("_", " ")
        if isinstance(value, Mapping):
            yield from leaves(value, path) if name != "machine" else ()
        elif isinstance(value, int | float):
            yield path, value


def side_by_side(one: str, other: str) -> Callable[[Found], str]:
    """Rounds of two that took turns, their ratio, and the medians."""

    def make(found: Found) -> str:
        keys = (f"{one}_per_second", f"{other}_per_second")
        columns = zip(*(found[key] for key in keys), found["ratios"], strict=True)
        lines: list[Row] = [(str(place), *line) for place, line in enumerate(columns, start=1)]
        median = found["median"]
        lines.append(("**median**", *(median[key] for key in keys), median["ratio"]))
        return table(("round", f"{one}/s", f"{other}/s", "ratio"), lines)

    return make


def _worker_rate(found: Found) -> str:
    tried = ", ".join(
        f"{number(rate)}/s with {int(batch):,}"
        for batch, rate in found["bare_per_second_by_batch"].items()
    )
    return (
        f"{side_by_side('worker', 'bare')(found)}\n\nThe bare loop, tried once before by events "
        f"in a batch: {tried}. The rounds are with {found['bare_batch']:,}."
    )


def _peers(found: Found) -> str:
    median = found["median"]
    lines: list[Row] = [("one worker, the full job, exactly once", median["worker_per_second"], "")]
    for name, does in found["peers"].items():
        lines.append((does, median[f"{name}_per_second"], f"{median[f'worker_to_{name}']:.1f} ×"))
    lines += [(name, "left out", why) for name, why in found["absent"].items()]
    return table(("who", "events/s", "worker / this"), lines)


def _processes(found: Found) -> str:
    lines = [
        (
            count,
            median["per_second"],
            found["ratio"][count],
            ", ".join(f"{name} {share:.2f}" for name, share in median["cores"].items()),
        )
        for count, median in found["median"].items()
    ]
    return table(("processes", "events/s", "ratio", "cores kept busy"), lines)


def _latency(found: Found) -> str:
    median = found["median"]
    lines = [
        (share, median[f"worker_{share}_ms"], median[f"bare_{share}_ms"], ratio)
        for share, ratio in found["ratio"].items()
    ]
    return table(("", "worker, ms", "bare loop, ms", "ratio"), lines)


def _scoring(found: Found) -> str:
    """Most of its figures are named ``STEP_batch_SIZE``."""
    rates: dict[int, dict[str, float]] = {}
    for name, rate in found.items():
        step, of_a_batch, size = name.partition("_batch_")
        if of_a_batch:
            rates.setdefault(int(size), {})[step] = rate
    steps = list(next(iter(rates.values()), {}))
    lines = [(size, *(of_size[step] for step in steps)) for size, of_size in rates.items()]
    largest = max(rates)
    whole, often = rates[largest]["whole"], found["whole_with_pythons_collection"]
    return (
        f"{table(('batch', *steps), lines)}\n\n"
        f"The whole with batches of {largest:,} and Python's own garbage collection: "
        f"{number(often)}, {often / whole:.2f} of it."
    )


def _replay(found: Found) -> str:
    whole = table(replay_table.HEADER, replay_table.rows(found))
    return f"{whole}\n\n{table(replay_table.ROUND_HEADER, replay_table.rounds(found))}"


def _memory(found: Found) -> str:
    lines: list[Row] = [
        (f"resident after {int(events):,} events", f"{mib:.0f} MiB")
        for events, mib in found["resident_mib"].items()
    ]
    lines.append(("last / first", f"{found['ratio']:.2f} ×"))
    lines.append(("the most ever (VmHWM)", f"{found['peak_mib']:.0f} MiB"))
    return table(("", "measured"), lines)


def _start(found: Found) -> str:
    median = found["median"]
    steps = table(
        ("step", "seconds after the start", "of these in the step"),
        [(one["step"], f"{one['at']:.2f}", f"{one['took']:.2f}") for one in found["steps"]],
    )
    whole: list[Row] = [
        ("a worker's start to its first commit", f"{median['first_commit_seconds']:.2f} s"),
        (
            "what Kafka's default delay of a group's first rebalance adds",
            f"{median['group_delay_seconds']:.2f} s",
        ),
        ("`creneau --help`", f"{median['help_seconds']:.2f} s"),
    ]
    return f"{steps}\n\n{table(('', 'median'), whole)}"


def _swap(found: Found) -> str:
    lines: list[Row] = [
        (str(place), *(f"{one[name]:.2f}" for name in ("seconds", "gap", "calm_gap")))
        for place, one in enumerate(found["rounds"], start=1)
    ]
    lines += [
        (f"**{name}**", *(f"{seconds:.2f}" for seconds in found[name].values()))
        for name in ("median", "worst")
    ]
    header = (
        "promotion",
        "first output of the new epoch, s",
        "longest without an output, s",
        "as long before, s",
    )
    return table(header, lines)


def _give_way(found: Found) -> str:
    lines: list[Row] = [
        (str(place), f"{seconds:.2f}") for place, seconds in enumerate(found["seconds"], start=1)
    ]
    lines += [(f"**{name}**", f"{found[name]['seconds']:.2f}") for name in ("median", "worst")]
    return table(("round", "from the limit to the executor's last commit, s"), lines)


TABLES: Final[Mapping[str, Callable[[Found], str]]] = {
    "worker_rate": _worker_rate,
    "executor_rate": side_by_side("executor", "worker"),
    "peers": _peers,
    "processes": _processes,
    "latency": _latency,
    "replay": _replay,
    "profile": profile_table.table,
    "hundred_million": hundred_million_table.table,
    "memory": _memory,
    "start": _start,
    "swap": _swap,
    "give_way": _give_way,
    "scoring": _scoring,
}
