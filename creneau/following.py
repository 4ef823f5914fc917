"""Following a replay to its end: executors, progress, the canary's question, Ctrl-C."""

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from broker.pool import Pool, Reported
from creneau.operators import operator_name
from creneau.patience import PATIENCE_SECONDS, TRANSIENT, Patience
from creneau.progress import View
from creneau.replays import Replays
from ledger.fold import LedgerState, Replay, ReplayState
from ledger.reader import LedgerReader, read_ledger
from ledger.writer import LedgerConflict
from producer_contract.errors import UnavailableError
from replay.control import pause, resume
from replay.errors import ReplayNotInThatStateError
from replay.preview import canary_shift
from replay.shift import Shift
from replay.status import ReplayStatus, StatusReader

LOOK_SECONDS = 0.2
SHOW_SECONDS = 0.5
HELD_SECONDS = 2.0
"""How long a look waits for an open transaction: executors that end meanwhile must be restarted."""


class FollowingEndedError(UnavailableError):
    """Kafka has been away for too long to go on looking."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended. ``code``: of an executor that could not go on, else 0."""

    status: ReplayStatus
    code: int = 0


class Follower:
    """Runs executors (none: only watches) and shows where a replay stands, until it ends.

    Args:
        answer: what to do at the canary: True goes on, False leaves it paused.
    """

    def __init__(
        self,
        replays: Replays,
        replay_id: str,
        executors: int,
        *,
        answer: Callable[[Shift], bool],
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._replays = replays
        self._replay_id = replay_id
        self._executors = executors
        self._answer = answer
        self._patience = Patience(patience)
        self._shown_at = 0.0
        self._view = View()
        self._ledger = LedgerReader(replays.kafka)
        self._status = StatusReader(
            replays.kafka, replays.replay.limits, deadline_seconds=HELD_SECONDS
        )

    def follow(self) -> Ended:
        """Until completed, cancelled, left paused at the canary, or an executor gave up.

        Ctrl-C (KeyboardInterrupt) leaves the replay paused.

        Raises:
            FollowingEndedError: Kafka was away for longer than the patience lasts.
        """
        pool = self._replays.pool(self._executors, started=True)
        try:
            return self._watch(pool)
        except KeyboardInterrupt:
            self._view.close()
            self._leave_paused()
            raise
        finally:
            self._view.close()
            pool.stop()
            self._status.close()
            self._ledger.close()

    def _watch(self, pool: Pool[Reported]) -> Ended:
        while True:
            try:
                ended = self._look(pool)
            except TRANSIENT as error:
                ended = None
                self._endure(error)
            if ended is not None:
                return ended
            time.sleep(LOOK_SECONDS)

    def _look(self, pool: Pool[Reported]) -> Ended | None:
        """One look, and what follows from it; None: go on."""
        state = self._ledger.poll()
        if self._replay_id not in state.replays:
            state = self._ledger.read_to_end(deadline_seconds=HELD_SECONDS)
        replay = state.replays[self._replay_id]
        code = pool.turn() if replay.active else 0
        if code or not replay.active or (replay.at_canary and not self._ask(state, replay)):
            status = self._read(state, replay)
            self._view.show(status)
            return Ended(status, code)
        if time.monotonic() >= self._shown_at + SHOW_SECONDS:
            self._view.show(self._read(state, replay))
            self._shown_at = time.monotonic()
        return None

    def _read(self, state: LedgerState, replay: Replay) -> ReplayStatus:
        status = self._status.read(state, replay)
        self._patience.answered()
        return status

    def _endure(self, error: UnavailableError) -> None:
        """Executors wait for Kafka, or for an open transaction, too: so does whoever looks on."""
        if self._patience.over:
            raise FollowingEndedError(
                f"{error}; for {self._patience.away:.0f} s now. Replay {self._replay_id} stands "
                "where it stood; once Kafka is back: creneau replay status, then creneau replay "
                f"resume {self._replay_id} --executors {max(1, self._executors)}"
            ) from error
        self._view.trouble(*self._patience.told(error))

    def _ask(self, state: LedgerState, replay: Replay) -> bool:
        replays = self._replays
        shift = canary_shift(replays.kafka, state, replays.load, replay, replays.archive)
        self._view.close()
        if not self._answer(shift):
            return False
        # Unless somebody else has answered, or is about to: the next look will see.
        with suppress(ReplayNotInThatStateError, LedgerConflict):
            resume(
                self._replays.kafka, replay.replay_id, by=operator_name(), reason="canary accepted"
            )
        self._ledger.read_to_end(deadline_seconds=HELD_SECONDS)
        return True

    def _leave_paused(self) -> None:
        how = f"creneau replay resume {self._replay_id} --executors {max(1, self._executors)}"
        try:
            paused = self._pause()
        except UnavailableError as error:
            print(
                f"replay {self._replay_id} could not be paused ({error}); other executors may go "
                f"on with it. To pause it: creneau replay pause {self._replay_id}; to go on: {how}",
                file=sys.stderr,
            )
            return
        if paused:
            print(f"replay {self._replay_id} is paused; go on with: {how}", file=sys.stderr)

    def _pause(self) -> bool:
        """Pause it; False: it is over. An executor that writes to the ledger at this moment is let
        pass once."""
        kafka, who = self._replays.kafka, {"by": operator_name(), "reason": "Ctrl-C"}
        try:
            try:
                pause(kafka, self._replay_id, **who)
            except LedgerConflict:
                pause(kafka, self._replay_id, **who)
        except ReplayNotInThatStateError:
            # At the canary's question it is paused already.
            return read_ledger(kafka).replays[self._replay_id].state is ReplayState.PAUSED
        return True
