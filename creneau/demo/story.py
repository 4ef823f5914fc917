"""The demo from its first second to its last: a market, a model, slots, a killed worker, a verdict.

The wall clock of one run: Kafka starts while the model trains; then slots come for ``seconds``;
half-way a worker is killed; when the last event has its outcome, a plain reader checks.
"""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from broker.clients import new_admin
from broker.topics import apply
from creneau.demo.check import Verdict, judge, read_logs, read_record
from creneau.demo.processes import Child, children_of
from creneau.demo.stage import Stage, clear, set_up
from creneau.demo.view import View
from creneau.demo.watch import Delay, Glance, Watch, quantiles_ms, recovered_at, undisturbed
from creneau.registry import promote, register
from creneau.sandbox.market_csv import write_market
from model.store import ModelStore
from model.workshop import make_model
from producer_contract.errors import UnavailableError

LESSONS: Final = 50_000
MALFORMED_EVERY: Final = 500
WORKERS: Final = 2
REFRESH: Final = 0.25
DRAIN_SECONDS: Final = 60.0
"""How long the last events may take to get their outcomes."""


class NoWorkerToKillError(UnavailableError):
    """The pool has no process: it cannot be what the demo shows."""


@dataclass(frozen=True, slots=True)
class Script:
    """What to play: ``rate`` slots per second for ``seconds``, in ``folder``."""

    folder: Path
    seconds: float = 30.0
    rate: float = 1_000.0
    seed: int = 1
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What came of it. Latencies in milliseconds, of events that did not wait for the recovery."""

    verdict: Verdict
    latency_ms: dict[str, float]
    worst_seconds: float
    """The longest that any event waited, the recovery included."""
    recovery_seconds: float | None
    """From the kill until every partition produced again; None: nothing came after it."""

    @property
    def passed(self) -> bool:
        return self.verdict.passed

    def as_json(self) -> dict[str, object]:
        """The keys of ``creneau demo --json``."""
        verdict = self.verdict
        return {
            "published": verdict.published,
            "scored": verdict.scored,
            "dead_lettered": verdict.dead_lettered,
            "lost": verdict.lost,
            "duplicated": verdict.duplicated,
            "latency_ms": self.latency_ms,
            "recovery_seconds": self.recovery_seconds,
        }


def play(script: Script, view: View) -> Result:
    """Play the demo; everything it started has ended on return, unless it was to be kept.

    Raises:
        StillRunningError: an earlier demo was kept and still runs.
        CreneauError: something that it needs does not start, or died on the way.
    """
    clear(script.folder)
    with ThreadPoolExecutor(1) as aside:
        view.say("starting Kafka; meanwhile a model learns from the synthetic market")
        training = aside.submit(_train, script)
        with set_up(script.folder, keep=script.keep) as stage:
            apply(new_admin(stage.kafka), stage.kafka.names)
            view.say(f"Kafka is up at {stage.kafka.bootstrap_servers} with its topics")
            version = _put_in_force(stage, training.result())
            view.say(f"model {version} is in force")
            return _play_on(script, stage, view, version)


def _train(script: Script) -> Path:
    """The artifact of a model trained on the market's past."""
    market = script.folder / "market"
    write_market(market, lessons=LESSONS, seed=script.seed)
    return make_model(market, script.folder / "training").path


def _put_in_force(stage: Stage, artifact: Path) -> str:
    store = ModelStore(stage.store_url)
    version = register(
        stage.kafka, store, artifact, version=None, reason="the demo's model"
    ).version
    promote(stage.kafka, store, version, reason="the demo begins")
    return version


def _play_on(script: Script, stage: Stage, view: View, version: str) -> Result:
    workers = stage.start_workers(WORKERS)
    view.say(f"{WORKERS} workers are ready; slots come at {script.rate:g}/s")
    record = stage.folder / "published.ndjson"
    with closing(Watch(stage.kafka)) as watch:
        shown = _Shown(view, watch, version)
        killed_at = _slots_come(script, stage, workers, record, shown)
        _last_outcomes(workers, shown)
        delays = watch.delays()
    if not script.keep:
        workers.stop()
    view.say("every event was published; a plain reader checks the topics")
    verdict = judge(read_record(record), read_logs(stage.kafka))
    return _result(verdict, delays, killed_at)


@dataclass(frozen=True, slots=True)
class _Shown:
    """The view, what it looks at, and the model to name."""

    view: View
    watch: Watch
    version: str

    def refresh(self, doing: str) -> Glance:
        glance = self.watch.glance()
        self.view.show(glance, model=self.version, doing=doing)
        time.sleep(REFRESH)
        return glance


def _slots_come(script: Script, stage: Stage, workers: Child, record: Path, shown: _Shown) -> float:
    """Run the slot app to its end; half-way, kill a worker. When that was (seconds since 1970)."""
    slot_app = stage.start(
        "sandbox",
        "slot-app",
        *("--rate", str(script.rate), "--seconds", str(script.seconds)),
        *("--seed", str(script.seed), "--malformed", f"1/{MALFORMED_EVERY}"),
        *("--record", str(record)),
    )
    killed_at = None
    half = script.rate * script.seconds / 2
    while slot_app.running or killed_at is None:
        workers.refuse_death()
        published = shown.refresh("slots come").published
        if killed_at is None and (published >= half or not slot_app.running):
            killed_at = _kill_one_of(workers, shown.view)
    slot_app.refuse_death()
    return killed_at


def _kill_one_of(workers: Child, view: View) -> float:
    pids = children_of(workers.pid)
    if not pids:
        raise NoWorkerToKillError(f"the worker pool has no process to kill (see {workers.log})")
    os.kill(pids[-1], signal.SIGKILL)
    view.say(f"killed a worker (process {pids[-1]}) with SIGKILL")
    return time.time()


def _last_outcomes(workers: Child, shown: _Shown) -> None:
    """Wait until nothing is without an outcome, or long enough: the check tells the truth."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while shown.refresh("the last slots are scored").lag and time.monotonic() < deadline:
        workers.refuse_death()


def _result(verdict: Verdict, delays: list[Delay], killed_at: float) -> Result:
    recovered = recovered_at(delays, killed_at)
    calm = undisturbed(delays, killed_at, recovered) if recovered is not None else delays
    return Result(
        verdict=verdict,
        latency_ms=quantiles_ms(calm),
        worst_seconds=round(max((delay.seconds for delay in delays), default=0.0), 1),
        recovery_seconds=None if recovered is None else round(recovered - killed_at, 1),
    )
