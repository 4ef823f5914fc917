"""Tables in Markdown, with numbers as people read them. Pure."""

from collections.abc import Iterable, Sequence

from bench.plots import number

Row = Sequence[object]


def table(header: Row, lines: Iterable[Row]) -> str:
    """A table in Markdown; numbers as people read them."""
    written = [[_cell(each) for each in line] for line in (header, *lines)]
    written.insert(1, ["---"] * len(written[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in written)


def _cell(value: object) -> str:
    return number(value) if isinstance(value, int | float) else str(value).replace("|", "\\|")
