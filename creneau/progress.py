"""What somebody who follows a replay sees: a bar on a terminal, a line now and then elsewhere."""

import sys
import time
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn
from rich.table import Column

from replay.shift import Shift
from replay.status import ReplayStatus
from replay.verify import Verification

LINE_SECONDS: Final = 5.0
"""Without a terminal, a line so often."""

BAR_FROM: Final = 80
"""Columns that a terminal must have for the bar beside the figures."""


class View:
    """Shows where a replay stands, on standard error.

    Whoever prints something else closes it first; the next status opens it again.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._live = self._console.is_terminal and not self._console.is_dumb_terminal
        self._bar: Progress | None = None
        self._line_at = 0.0
        self._said = ""

    def show(self, status: ReplayStatus) -> None:
        """Where it stands."""
        done, total = (status.corrected, status.affected) if status.affected else (1, 1)
        self._show(status.state, line_of(status), done, total)

    def trouble(self, what: str, line: str) -> None:
        """Why nothing new can be said: in a word, and in a line."""
        self._show(what, line)

    def close(self) -> None:
        """Leave the last state standing; what is printed next begins on a line of its own."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _show(
        self, state: str, line: str, done: int | None = None, total: int | None = None
    ) -> None:
        if self._live:
            bar = self._bar or self._open()
            # None leaves what is there.
            bar.update(bar.task_ids[0], description=state, line=line, completed=done, total=total)
        elif state != self._said or time.monotonic() >= self._line_at + LINE_SECONDS:
            print(f"{state}: {line}", file=sys.stderr, flush=True)
            self._said, self._line_at = state, time.monotonic()

    def _open(self) -> Progress:
        # One line, however narrow: a wrapped one would be drawn again and again below itself.
        text = Column(no_wrap=True, overflow="ellipsis", ratio=1)
        columns: list[ProgressColumn] = [TextColumn("{task.description}")]
        columns += [BarColumn(20)] if self._console.width >= BAR_FROM else []
        columns += [TextColumn("{task.fields[line]}", table_column=text, markup=False)]
        self._bar = Progress(*columns, console=self._console, expand=True)
        self._bar.add_task("replay", line="")
        self._bar.start()
        return self._bar


def line_of(status: ReplayStatus) -> str:
    """One line: how far, how fast, how long yet, and what live scoring does meanwhile."""
    parts = [f"{status.corrected:,} of {status.affected:,}"]
    if status.state not in ("paused", "draining", "cancelled"):
        parts.append(f"{status.rate:,.0f}/s")
    if status.seconds_left is not None:
        parts.append(f"{status.seconds_left:,.0f} s left")
    parts.append(f"live lag {status.live_lag:,}")
    if status.why:
        parts.append(status.why)
    return " · ".join(parts)


def shift_lines(shift: Shift) -> list[str]:
    """What the canary or a preview shows of the change, for people."""
    if shift.mean_before is None or shift.mean_after is None:
        return ["no sample: none of the events is kept and scored by both models"]
    widest = max(*shift.histogram, 1)
    lines = [
        f"on a sample of {shift.n:,}: mean {shift.mean_before:.3f} → {shift.mean_after:.3f}, "
        f"{shift.crossed_half:,} cross 0.5"
    ]
    for place, count in enumerate(shift.histogram):
        low = -1 + 2 * place / len(shift.histogram)
        lines.append(f"  {low:+.1f} … {low + 0.2:+.1f}  {'█' * round(30 * count / widest)} {count}")
    return lines


class VerifyProgress:
    """Says how far ``replay verify`` is, on standard error; nothing where it is soon over."""

    def __init__(self) -> None:
        self._line_at = time.monotonic()

    def show(self, found: Verification) -> None:
        """What was found so far."""
        if time.monotonic() >= self._line_at + LINE_SECONDS:
            print(
                f"so far: {found.checked:,} events checked, {found.left_behind:,} left behind",
                file=sys.stderr,
                flush=True,
            )
            self._line_at = time.monotonic()
