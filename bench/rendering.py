"""The figures of ``docs/performance.md``: tables between markers, and a plot where one helps. Pure.

``<!-- begin NAME -->`` and ``<!-- end NAME -->`` hold what is made from the results of NAME; what
is written by hand around them stays, and so does a part whose results are not there or cannot be
shown.
"""

import re
from collections.abc import Iterator
from typing import Final

from bench.figures import FIGURES
from bench.markdown import table
from bench.plots import bars
from bench.tables import TABLES, Found, medians
from bench.targets import Results, rows

PLOTS: Final = "performance"
"""The folder of the plots, beside the page."""
MARKED: Final = re.compile(r"(<!-- begin (\w+) -->\n).*?(<!-- end \2 -->)", re.DOTALL)


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
