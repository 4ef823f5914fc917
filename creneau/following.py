"""Following a replay to its end: executors, progress, the canary's question, Ctrl-C."""

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from broker.pool import Pool, Reported
from creneau.operators import operator_name
from creneau.replays import Replays
from ledger.fold import LedgerState, Replay, ReplayState
from ledger.reader import LedgerReader, read_ledger
from ledger.runs import read_runs
from replay.control import pause, resume
from replay.errors import ReplayNotInThatStateError
from replay.judgement import canary_reached
from replay.preview import canary_shift
from replay.shift import Shift
from replay.status import ReplayStatus, StatusReader

LOOK_SECONDS = 0.2
SHOW_SECONDS = 0.5
LINE_SECONDS = 5.0
"""Without a terminal, a line so often."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended. ``code``: of an executor that could not go on, else 0."""

    status: ReplayStatus
    code: int = 0


class Follower:
    """Runs executors (none: only watches) and shows where a replay stands, until it ends.

    Args:
        answer: what to do at the canary: True goes on, False leaves it paused.
        show: whether to show progress at all.
    """

    def __init__(
        self,
        replays: Replays,
        replay_id: str,
        executors: int,
        *,
        answer: Callable[[Shift], bool],
        show: bool = True,
    ) -> None:
        self._replays = replays
        self._replay_id = replay_id
        self._executors = executors
        self._answer = answer
        self._show = show
        self._ledger = LedgerReader(replays.kafka)
        self._status = StatusReader(replays.kafka, replays.replay.limits)

    def follow(self) -> Ended:
        """Until completed, cancelled, left paused at the canary, or an executor gave up.

        Ctrl-C (KeyboardInterrupt) leaves the replay paused.
        """
        pool = self._replays.pool(self._executors, started=True)
        view = _View(self._show)
        try:
            return self._watch(pool, view)
        except KeyboardInterrupt:
            self._leave_paused()
            raise
        finally:
            view.close()
            pool.stop()
            self._status.close()
            self._ledger.close()

    def _watch(self, pool: Pool[Reported], view: "_View") -> Ended:
        self._ledger.read_to_end()
        shown_at = 0.0
        while True:
            state = self._ledger.poll()
            replay = state.replays[self._replay_id]
            code = pool.turn() if replay.active else 0
            asked = self._at_the_canary(replay)
            if code or not replay.active or (asked and not self._ask(state, replay)):
                status = self._status.read(state, replay)
                view.show(status)
                return Ended(status, code)
            if time.monotonic() >= shown_at + SHOW_SECONDS:
                view.show(self._status.read(state, replay))
                shown_at = time.monotonic()
            time.sleep(LOOK_SECONDS)

    def _at_the_canary(self, replay: Replay) -> bool:
        if replay.state is not ReplayState.PAUSED or replay.request.canary_chunks is None:
            return False
        return canary_reached(replay, read_runs(self._replays.kafka))

    def _ask(self, state: LedgerState, replay: Replay) -> bool:
        shift = canary_shift(self._replays.kafka, state, self._replays.load, replay)
        if not self._answer(shift):
            return False
        # Unless somebody else has answered.
        with suppress(ReplayNotInThatStateError):
            resume(
                self._replays.kafka, replay.replay_id, by=operator_name(), reason="canary accepted"
            )
        self._ledger.read_to_end()
        return True

    def _leave_paused(self) -> None:
        try:
            pause(self._replays.kafka, self._replay_id, by=operator_name(), reason="Ctrl-C")
        except ReplayNotInThatStateError:
            # At the canary's question it is paused already.
            state = read_ledger(self._replays.kafka).replays[self._replay_id].state
            if state is not ReplayState.PAUSED:
                return
        print(
            f"replay {self._replay_id} is paused; go on with: creneau replay resume "
            f"{self._replay_id} --executors {max(1, self._executors)}",
            file=sys.stderr,
        )


class _View:
    """A progress bar on a terminal, a line now and then elsewhere; on standard error."""

    def __init__(self, shown: bool) -> None:
        self._console = Console(stderr=True)
        self._shown = shown
        self._line_at = 0.0
        self._said = ""
        self._bar: Progress | None = None
        if shown and self._console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.fields[line]}"),
                console=self._console,
            )
            self._bar.start()
            self._task = self._bar.add_task("replay", line="")

    def show(self, status: ReplayStatus) -> None:
        if self._bar is not None:
            self._bar.update(
                self._task,
                description=status.state,
                total=max(status.affected, 1),
                completed=status.corrected if status.affected else 1,
                line=line_of(status),
            )
        elif self._shown and (
            status.state != self._said or time.monotonic() >= self._line_at + LINE_SECONDS
        ):
            print(f"{status.state}: {line_of(status)}", file=sys.stderr)
            self._said = status.state
            self._line_at = time.monotonic()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.stop()


def line_of(status: ReplayStatus) -> str:
    """One line: how far, how fast, how long yet, and what live scoring does meanwhile."""
    parts = [f"{status.corrected:,} of {status.affected:,}", f"{status.rate:,.0f}/s"]
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
