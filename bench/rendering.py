"""The figures of ``docs/performance.md``: tables between markers, and a plot where one helps. Pure.

``<!-- begin NAME -->`` and ``<!-- end NAME -->`` hold what is made from the results of NAME; what
is written by hand around them stays, and so does a part whose results are not there or cannot be
shown.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from bench import hundred_million_table, profile_table, replay_table
from bench.plots import bars, number
from bench.targets import Results, rows

PLOTS: Final = "performance"
"""The folder of the plots, beside the page."""
MARKED: Final = re.compile(r"(<!-- begin (\w+) -->\n).*?(<!-- end \2 -->)", re.DOTALL)

Found = Mapping[str, Any]
Row = Sequence[object]


def render(page: str, results: Results) -> str:
    """The page with every part made anew whose results are there and can be shown."""
    shown = _shown(results)

    def replace(match: re.Match[str]) -> str:
        made = part(match[2], results if match[2] == "targets" else shown)
        return match[0] if made is None else f"{match[1]}{made}\n{match[3]}"

    return MARKED.sub(replace, page)


def part(name: str, results: Results) -> str | None:
    """What stands between the markers of ``name``; None: there is nothing to make it from."""
    if name == "targets":
        reached = list(rows(results))
        header = ("what", "measured", "needed", "goal", "")
        return table(header, reached) if reached else None
    found = results.get(name)
    if found is None:
        return None
    made = TABLES.get(name, medians)(found)
    if name in FIGURES:
        made += f"\n\n![{FIGURES[name][0]}]({PLOTS}/{name}.svg)"
    return made + "\n\n" + provenance(found.get("machine", {}))


def plots(results: Results) -> Iterator[tuple[str, str]]:
    """File names and SVGs of all that can be drawn."""
    shown = _shown(results)
    for name in FIGURES:
        if name in shown:
            yield f"{name}.svg", _plot(name, shown[name])


def unshowable(results: Results) -> dict[str, str]:
    """Why a result cannot be shown, by its name: an older bench wrote it in another form."""
    found = {}
    for name in results:
        try:
            part(name, results)
            if name in FIGURES:
                _plot(name, results[name])
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            found[name] = f"{type(error).__name__}: {error}"
    return found


def _shown(results: Results) -> Results:
    left_out = unshowable(results)
    return {name: found for name, found in results.items() if name not in left_out}


def _plot(name: str, found: Found) -> str:
    title, figures, ours = FIGURES[name]
    return bars(title, list(figures(found)), ours=ours)


def table(header: Row, lines: Iterable[Row]) -> str:
    """A table in Markdown; numbers as people read them."""
    written = [[_cell(each) for each in line] for line in (header, *lines)]
    written.insert(1, ["---"] * len(written[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in written)


def _cell(value: object) -> str:
    return number(value) if isinstance(value, int | float) else str(value).replace("|", "\\|")


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
    """Its figures are named ``STEP_batch_SIZE``."""
    rates: dict[int, dict[str, float]] = {}
    for name, rate in found.items():
        step, of_a_batch, size = name.partition("_batch_")
        if of_a_batch:
            rates.setdefault(int(size), {})[step] = rate
    steps = list(next(iter(rates.values()), {}))
    lines = [(size, *(of_size[step] for step in steps)) for size, of_size in rates.items()]
    return table(("batch", *steps), lines)


def _replay(found: Found) -> str:
    whole = table(replay_table.HEADER, replay_table.rows(found))
    return f"{whole}\n\n{table(replay_table.ROUND_HEADER, replay_table.rounds(found))}"


def provenance(machine: Found) -> str:
    """One line: on what, with what, when."""
    if not machine:
        return "(no description of the machine)"
    return (
        f"{machine['measured_at']}, {machine['cores']} cores of {machine['cpu']}, "
        f"{machine['memory_gib']} GiB, {machine['kernel']}, Python {machine['python']}, Kafka "
        f"{machine['kafka']}, librdkafka {machine['librdkafka']}, scikit-learn "
        f"{machine['scikit_learn']}, load before {machine['load_before']}, at {machine['commit']}."
    )


TABLES: Final[Mapping[str, Callable[[Found], str]]] = {
    "worker_rate": side_by_side("worker", "bare"),
    "executor_rate": side_by_side("executor", "worker"),
    "peers": _peers,
    "processes": _processes,
    "latency": _latency,
    "replay": _replay,
    "profile": profile_table.table,
    "hundred_million": hundred_million_table.table,
    "scoring": _scoring,
}


def _peer_figures(found: Found) -> Iterator[tuple[str, float]]:
    for name in ("worker", *found["peers"]):
        yield name, found["median"][f"{name}_per_second"]


def _process_figures(found: Found) -> Iterator[tuple[str, float]]:
    for count, median in found["median"].items():
        yield count, median["per_second"]


def _latency_figures(found: Found) -> Iterator[tuple[str, float]]:
    for share in found["ratio"]:
        for what in ("worker", "bare"):
            yield f"{what} {share}", found["median"][f"{what}_{share}_ms"]


FIGURES: Final[
    Mapping[str, tuple[str, Callable[[Found], Iterator[tuple[str, float]]], Sequence[str]]]
] = {
    "peers": ("Events per second, one process each", _peer_figures, ("worker",)),
    "processes": ("Events per second, by worker processes", _process_figures, ("1", "2", "3")),
    "latency": (
        "Milliseconds from created_at to a reader, at 1,000 events/s",
        _latency_figures,
        ("worker p50", "worker p90", "worker p99"),
    ),
}
