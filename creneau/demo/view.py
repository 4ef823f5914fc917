"""The one view of the demo: live in a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterable
from types import TracebackType
from typing import Final, Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from creneau.demo.models import BAD
from creneau.demo.standing import Standing
from creneau.demo.watch import Glance
from creneau.progress import line_of

PLAIN_EVERY: Final = 5.0
"""Seconds between two lines where there is no terminal."""


class View:
    """Shows what happens; ``say`` for what has happened, ``show`` for the present state."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._last_plain = 0.0
        self._start = time.monotonic()

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def say(self, text: str) -> None:
        """A line that stays."""
        self._console.print(
            f"{time.monotonic() - self._start:5.1f} s  {text}", highlight=False, soft_wrap=True
        )

    def tell(self, lines: Iterable[str]) -> None:
        """Lines that stay, as they are."""
        for line in lines:
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def show(self, glance: Glance, standing: Standing, doing: str) -> None:
        """The present state: drawn over the last one, or a line from time to time."""
        facts = facts_of(glance, standing)
        if self._console.is_terminal:
            self._live.update(Group(_table(facts), Text(doing, style="dim")), refresh=True)
        elif time.monotonic() - self._last_plain >= PLAIN_EVERY:
            self._last_plain = time.monotonic()
            self.say(" · ".join(f"{name} {value}" for name, value in facts.items()))


def _table(facts: dict[str, str]) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        table.add_row(name, Text(value, style="bold"))
    return table


def facts_of(glance: Glance, standing: Standing) -> dict[str, str]:
    """What there is to see, by its name. Pure."""
    latency = "-" if glance.latency_ms is None else f"{glance.latency_ms:.0f} ms"
    ledger, replay = standing.ledger, standing.replay
    facts = {
        "model": "-" if ledger.epoch is None else f"{ledger.in_force} (epoch {ledger.epoch})",
        "rate": f"{glance.rate:.0f}/s",
        "lag": str(glance.lag),
        "latency": latency,
        "published": str(glance.published),
        "scored": str(glance.scored),
        "dead letters": str(glance.dead_lettered),
    }
    if BAD in glance.held:
        facts[f"held from {BAD}"] = f"{glance.held[BAD]} slots"
    if replay is not None:
        facts["replay"] = f"{replay.state} · {line_of(replay)}"
    return facts
