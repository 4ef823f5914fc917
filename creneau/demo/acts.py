"""What happens while slots come: the deeds of the story, one after the other, each shown.

A new model comes into force after a third of the time; soon after it a worker is killed; after two
thirds the model is revoked and everything that it emitted is replayed; in the middle of that the
executor is killed. Slots come until the replay is done, and for the whole time at least. The
commands are those that a person would type.
"""

import os
import shlex
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from creneau.demo.logs import read_record
from creneau.demo.models import BAD, GOOD
from creneau.demo.processes import Child, children_of
from creneau.demo.stage import Stage
from creneau.demo.standing import StandingWatch
from creneau.demo.view import View
from creneau.demo.watch import Watch
from producer_contract.errors import UnavailableError

PROMOTE_AT: Final = 1 / 3
KILL_AT: Final = 0.4
REVOKE_AT: Final = 2 / 3
SCORED_WRONGLY: Final = 0.1
"""The least share of the slots that the bad model scores before it is revoked: on a busy machine it
may come into force late."""
REFRESH: Final = 0.25
PATIENCE_SECONDS: Final = 120.0
"""How long any one thing may take, the coming of the slots aside."""


class NothingToKillError(UnavailableError):
    """What shall be killed does not run: it cannot be what the demo shows."""


@dataclass(frozen=True, slots=True)
class Played:
    """When a worker and the executor were killed, seconds since 1970 (None: the executor was done
    too soon), and what the revocation with its replay answered."""

    worker_killed_at: float
    executor_killed_at: float | None
    replay: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Acts:
    """Plays one deed after the other; slots come at ``rate`` for ``seconds`` or longer."""

    stage: Stage
    view: View
    watch: Watch
    standing: StandingWatch
    workers: Child
    slot_app: Child
    record: Path
    """What the slot app has published, a line each."""
    seconds: float
    rate: float

    def play(self) -> Played:
        """From the first slot until the replay is done and every event has its outcome.

        Raises:
            CreneauError: something died on the way, or takes too long.
        """
        self._until(self.slot_app, "the first slots", lambda: self.watch.glance().published > 0)
        began = time.monotonic()
        self._until_time(began, PROMOTE_AT, "slots come")
        self.run("model", "promote", BAD, "--reason", "trained anew, looks fine")
        self.view.say(f"{BAD} is in force; nobody knows yet that one of its features is flipped")
        self._until_time(began, KILL_AT, f"slots come, {BAD} scores them wrongly")
        worker = self._kill_child_of(self.workers, "a worker")
        self._until_time(began, REVOKE_AT, "the other worker takes over")
        self._until(self.workers, f"{BAD} scores", self._enough_is_wrong)
        revocation = self._revoke()
        executor = self._kill_executor(revocation)
        self._until(revocation, "the replay, beside live scoring", lambda: not revocation.running)
        revocation.refuse_death()
        replay = revocation.answer()
        self.view.say(f"the replay is done: {replay['corrected']} events corrected")
        self._until_time(began, 1.0, "slots come")
        self._stop_the_slots()
        return Played(worker, executor, replay)

    def run(self, *arguments: str) -> Child:
        """Run a command to its end, as a person would.

        Raises:
            ChildDiedError: it failed.
        """
        child = self._start(*arguments)
        self._until(child, f"creneau {child.name}", lambda: not child.running)
        child.refuse_death()
        return child

    def ask(self, *arguments: str) -> tuple[bool, dict[str, Any]]:
        """Run a command that answers with yes or no, and says more as JSON."""
        child = self._start(*arguments, "--json")
        self._until(child, f"creneau {child.name}", lambda: not child.running)
        if child.process.returncode != 1:
            child.refuse_death()
        return child.process.returncode == 0, child.answer()

    def _start(self, *arguments: str) -> Child:
        self.view.say(f"$ creneau {shlex.join(arguments)}")
        return self.stage.start(*arguments)

    def _revoke(self) -> Child:
        self.view.say(f"somebody notices: what {BAD} says about lead times is the wrong way round")
        return self._start(
            *("model", "revoke", BAD, "--with", GOOD),
            *("--reason", "lead_hours flipped", "--replay", "--json"),
        )

    def _kill_executor(self, revocation: Child) -> float | None:
        """As soon as something of the replay shows, with the most of it still to come."""
        self._until(
            revocation,
            f"revoked; {GOOD} scores again; every partition must acknowledge that",
            lambda: self.watch.replayed > 0 or not revocation.running,
            every=0.01,
        )
        revocation.refuse_death()
        try:
            return self._kill_child_of(revocation, "the executor in the middle of the replay")
        except NothingToKillError:
            self.view.say("the executor was done before it could be killed")
            return None

    def _kill_child_of(self, parent: Child, what: str) -> float:
        for pid in reversed(children_of(parent.pid)):
            # It may end between the look and the kill.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.view.say(f"killed {what} with SIGKILL (process {pid})")
                return time.time()
        raise NothingToKillError(f"there is no process to kill: {what} (see {parent.log})")

    def _enough_is_wrong(self) -> bool:
        return self.watch.glance().held.get(BAD, 0) >= SCORED_WRONGLY * self.rate * self.seconds

    def _stop_the_slots(self) -> None:
        self.slot_app.process.terminate()
        self._until(self.slot_app, "the last slots come", lambda: not self.slot_app.running)
        self.slot_app.refuse_death()
        events = len(read_record(self.record))

        def answered() -> bool:
            glance = self.watch.glance()
            return glance.published >= events and glance.lag == 0

        self._until(self.workers, "the last slots are scored", answered)

    def _until_time(self, began: float, share: float, doing: str) -> None:
        """Until that share of the time has passed."""
        while time.monotonic() < began + share * self.seconds:
            self._show(doing)
            time.sleep(REFRESH)

    def _until(
        self, child: Child, doing: str, done: Callable[[], bool], *, every: float = REFRESH
    ) -> None:
        """Show what is until ``done``; ``child`` is named if that takes too long."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        shown_at = 0.0
        while not done():
            if time.monotonic() > deadline:
                child.refuse_delay(doing, PATIENCE_SECONDS)
            if time.monotonic() >= shown_at + REFRESH:
                self._show(doing)
                shown_at = time.monotonic()
            time.sleep(every)

    def _show(self, doing: str) -> None:
        self.workers.refuse_death()
        self.slot_app.refuse_death()
        self.view.show(self.watch.glance(), self.standing.now(), doing)
