"""Where the story stands, as ``creneau status`` would say: what is in force, and the replay."""

import threading
import time
from dataclasses import dataclass, field, replace
from typing import Final

from broker.settings import KafkaSettings
from ledger.fold import LedgerState
from ledger.reader import LedgerReader
from replay.settings import ReplaySettings
from replay.status import ReplayStatus, StatusReader

LOOK_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Standing:
    """``governed_seconds``: how long the replay has given way to live scoring so far."""

    ledger: LedgerState = field(default_factory=LedgerState)
    replay: ReplayStatus | None = None
    governed_seconds: float = 0.0


class StandingWatch:
    """Looks at ledger and replay in a thread of its own; close it after use.

    Raises (from ``now``): whatever stopped the looking.
    """

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._standing = Standing()
        self._stopping = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="standing", daemon=True)
        self._thread.start()

    def now(self) -> Standing:
        """The last look."""
        if self._failure is not None:
            raise self._failure
        return self._standing

    def close(self) -> None:
        """Stop looking. Safe to call twice."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            ledger = LedgerReader(self._kafka)
            status = StatusReader(self._kafka, ReplaySettings().limits)
            try:
                self._look(ledger, status)
            finally:
                status.close()
                ledger.close()
        except BaseException as error:  # told by now(), in the thread that asks
            self._failure = error

    def _look(self, ledger: LedgerReader, status: StatusReader) -> None:
        looked_at = time.monotonic()
        while not self._stopping.is_set():
            state = ledger.read_to_end()
            newest = next(reversed([*state.replays.values()]), None)
            found = None if newest is None else status.read(state, newest)
            before, looked_at = looked_at, time.monotonic()
            governed = found is not None and found.state == "governed"
            self._standing = replace(
                self._standing,
                ledger=state,
                replay=found,
                governed_seconds=self._standing.governed_seconds
                + (looked_at - before if governed else 0.0),
            )
            self._stopping.wait(LOOK_SECONDS)
