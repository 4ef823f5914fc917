"""Which model scores now, and under which epoch.

The next model is loaded beside the running one, in a thread. Until it is there a worker goes on
under the epoch before, which the protocol allows (a fence waits for its acknowledgement), except
that a revoked model is given only a moment. A load that hangs ends the worker after a while: a new
process asks the store anew. It never stands in the way of another version's.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace

import structlog

from ledger.fold import LedgerState, Model
from model.engine import Engine
from model.loading import LOAD_SECONDS, begin, too_slow
from producer_contract.errors import CreneauError

_LOG = structlog.get_logger()

NO_MODEL = "no model is in force: creneau model promote"

Load = Callable[[Model], Engine]
"""Loads and checks a model; raises a ``CreneauError`` where it must not be used."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the next transaction is stamped with.

    ``epoch`` None: there has been no decision yet, nothing can be committed. ``engine`` None:
    scoring waits, and ``problem`` says for what.
    """

    epoch: int | None = None
    version: str | None = None
    engine: Engine | None = None
    problem: str | None = "reading the ledger"


class ModelInForce:
    """Follows the ledger's state; ``stamp`` changes only inside ``follow``."""

    def __init__(
        self,
        load: Load,
        *,
        revoked_grace: float,
        retry: float,
        load_seconds: float = LOAD_SECONDS,
    ) -> None:
        self.stamp = Stamp()
        self._load = load
        self._grace = revoked_grace
        self._retry = retry
        self._load_seconds = load_seconds
        self._loads: dict[str, tuple[Future[Engine], float]] = {}
        """By version: what is being loaded, and since when. One that hangs stays: no second thread
        is given to it."""
        self._failed: tuple[str, float] | None = None
        self._revocation_seen: float | None = None

    def follow(self, state: LedgerState) -> Stamp:
        """The stamp under this state of the ledger; never waits.

        Raises:
            LoadTooSlowError: the store has not given what is in force in time.
        """
        if self.stamp.epoch == state.epoch and self.stamp.engine is not None:
            return self.stamp
        version = state.in_force
        if version is None:
            self._become(Stamp(state.epoch, None, None, NO_MODEL))
        elif self.stamp.engine is not None and self.stamp.version == version:
            self._become(replace(self.stamp, epoch=state.epoch))
        else:
            self._bring(version, state)
        return self.stamp

    def _bring(self, version: str, state: LedgerState) -> None:
        """Load what is in force, or take it when it is there."""
        if version not in self._loads and self._may_try(version):
            model = state.models[version]
            self._loads[version] = (begin(lambda: self._load(model), version), time.monotonic())
        if version in self._loads:
            future, began = self._loads[version]
            if future.done():
                self._take(version, state)
                return
            if time.monotonic() >= began + self._load_seconds:
                raise too_slow(version, self._load_seconds)
        self._stop_a_revoked_model(version, state)

    def _may_try(self, version: str) -> bool:
        if self._failed is None or self._failed[0] != version:
            return True
        return time.monotonic() >= self._failed[1] + self._retry

    def _take(self, version: str, state: LedgerState) -> None:
        loaded, _ = self._loads.pop(version)
        # What came too late for its turn is let go.
        self._loads = {v: load for v, load in self._loads.items() if not load[0].done()}
        try:
            engine = loaded.result()
        except CreneauError as error:
            self._failed = (version, time.monotonic())
            self._become(Stamp(state.epoch, version, None, str(error)))
        except Exception as error:
            self._failed = (version, time.monotonic())
            problem = f"model '{version}' cannot be loaded: {type(error).__name__}: {error}"
            self._become(Stamp(state.epoch, version, None, problem))
        else:
            self._failed = None
            self._become(Stamp(state.epoch, version, engine, None))

    def _stop_a_revoked_model(self, version: str, state: LedgerState) -> None:
        running = self.stamp.version if self.stamp.engine is not None else None
        if running is None:
            # Nothing scores: acknowledging at once lets a fence pass.
            if self.stamp.epoch != state.epoch:
                self._become(Stamp(state.epoch, version, None, f"loading model '{version}'"))
            return
        if state.usable(running):
            self._revocation_seen = None
            return
        self._revocation_seen = self._revocation_seen or time.monotonic()
        if time.monotonic() >= self._revocation_seen + self._grace:
            problem = f"model '{running}' is revoked, loading model '{version}'"
            self._become(Stamp(state.epoch, version, None, problem))

    def _become(self, stamp: Stamp) -> None:
        if stamp == self.stamp:
            return
        self._revocation_seen = None
        before, self.stamp = self.stamp, stamp
        if stamp.problem is None:
            _LOG.info("model in force", version=stamp.version, epoch=stamp.epoch)
            if stamp.engine is not None and not stamp.engine.by_tables:
                _LOG.warning(
                    "this model does not score by tables, but at scikit-learn's own pace, some "
                    "eight times slower (docs/model.md)",
                    version=stamp.version,
                )
        elif stamp.problem != before.problem:
            _LOG.warning("scoring waits", epoch=stamp.epoch, model=stamp.version, why=stamp.problem)
