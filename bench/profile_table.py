"""The figures of ``bench.profile`` as Markdown."""

from collections.abc import Mapping
from typing import Any


def table(found: Mapping[str, Any]) -> str:
    """The steps, then who spends how much, as Markdown. Pure."""
    steps = sum(found["steps"].values())
    lines = ["| step of the interpreter | µs an event | share |", "|---|---|---|"]
    lines += [
        f"| {name} | {each:.2f} | {each / steps:.0%} |" for name, each in found["steps"].items()
    ]
    lines += ["", "| | µs an event | cores |", "|---|---|---|"]
    lines += [
        f"| {name} | {found['microseconds'][name]:.2f} | {cores:.2f} |"
        for name, cores in found["cores"].items()
    ]
    lines.append(f"| on the clock | {found['microseconds']['clock']:.2f} | |")
    return "\n".join(lines)
