"""The demo from its first second to its last: a market, two models, a replay, a verdict.

The wall clock of one run: Kafka starts while a first model trains; then slots come, for ``seconds``
at least, and the story is played (``acts``); when the replay is done and the last event has its
outcome, the certificate is verified and a plain reader checks.
"""

import errno
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from broker.clients import new_admin
from broker.topics import apply
from creneau.demo.acts import Acts, Played
from creneau.demo.check import judge
from creneau.demo.latency import Delay, quantiles_ms, recovered_at, undisturbed
from creneau.demo.logs import read_logs, read_record
from creneau.demo.models import BAD, GOOD, Trained, make_second_known, put_first_in_force, train
from creneau.demo.result import ReplayResult, Result
from creneau.demo.stage import Stage, Workers, alone_in, clear, set_up
from creneau.demo.standing import StandingWatch
from creneau.demo.view import View
from creneau.demo.warehouse import WarehouseBeside
from creneau.demo.watch import Watch
from creneau.sandbox.alone import unusable
from ledger.fold import Replay
from ledger.reader import read_ledger

FULL: Final = (errno.ENOSPC, errno.EDQUOT)
MALFORMED_EVERY: Final = 500
WORKERS: Final = 2
CHUNKS: Final = 24
"""So many chunks, about: an executor that is killed shall have most of the replay before it."""


@dataclass(frozen=True, slots=True)
class Script:
    """What to play: ``rate`` slots per second for ``seconds`` or longer, in ``folder``."""

    folder: Path
    seconds: float = 30.0
    rate: float = 1_000.0
    seed: int = 1
    keep: bool = False
    warehouse: bool = True
    """Whether the market is loaded into BigQuery's emulator and what was scored archived there."""

    @property
    def settings(self) -> dict[str, str]:
        """Of every command: smaller chunks than on a real topic, which has more to replay, and a
        shorter wait for what a killed executor held."""
        return {
            "CRENEAU_REPLAY__SESSION_TIMEOUT_SECONDS": "3",
            "CRENEAU_REPLAY__CHUNK_OFFSETS": str(
                max(10, round(self.rate * self.seconds / 3 / CHUNKS))
            ),
        }


def play(script: Script, view: View) -> Result:
    """Play the demo; everything it started has ended on return, unless it was to be kept.

    Raises:
        StillRunningError: an earlier demo was kept and still runs.
        BusyError: another one is playing in the same folder.
        FolderUnusableError: the folder cannot be written to, or the disk is full.
        CreneauError: something that it needs does not start, or died on the way.
    """
    try:
        with alone_in(script.folder):
            clear(script.folder)
            return _play(script, view)
    except OSError as error:
        # All that the demo writes is in its folder; a closed pipe, say, is something else.
        if error.filename is None and error.errno not in FULL:
            raise
        raise unusable(script.folder, error) from error


def _play(script: Script, view: View) -> Result:
    with ThreadPoolExecutor(1) as aside:
        view.say("starting Kafka; meanwhile two models learn from the synthetic market")
        trained = train(script.folder, script.seed, aside)
        with set_up(script.folder, keep=script.keep, settings=script.settings) as stage:
            apply(new_admin(stage.kafka), stage.kafka.names)
            view.say(f"Kafka is up at {stage.kafka.bootstrap_servers} with its topics")
            if not script.warehouse:
                return _play_story(script, stage, view, trained, lambda: None)
            with closing(WarehouseBeside(stage, view, trained.market)) as warehouse:
                result = _play_story(script, stage, view, trained, warehouse.slots_have_ended)
                found = warehouse.finish(result.records)
            view.tell(found.lines())
            return replace(result, warehouse=found)


def _play_story(
    script: Script, stage: Stage, view: View, trained: Trained, ended: Callable[[], None]
) -> Result:
    """From the first model to the verdict, which is told; ``ended`` is called after the slots."""
    workers = stage.start_workers(WORKERS)
    put_first_in_force(stage, trained)
    view.say(f"model {GOOD} is in force")
    workers.wait_until_ready()
    view.say(f"{WORKERS} workers are ready; slots come at {script.rate:g}/s")
    result = _play_on(script, stage, view, workers, trained, ended)
    view.tell(result.lines())
    return result


def _play_on(
    script: Script,
    stage: Stage,
    view: View,
    workers: Workers,
    trained: Trained,
    ended: Callable[[], None],
) -> Result:
    record = stage.folder / "published.ndjson"
    slot_app = stage.start(
        *("sandbox", "slot-app", "--rate", str(script.rate), "--seed", str(script.seed)),
        *("--malformed", f"1/{MALFORMED_EVERY}", "--record", str(record)),
    )
    make_second_known(stage, trained)
    with closing(Watch(stage.kafka)) as watch, closing(StandingWatch(stage.kafka)) as standing:
        acts = Acts(
            stage=stage,
            view=view,
            watch=watch,
            standing=standing,
            workers=workers.child,
            slot_app=slot_app,
            record=record,
            seconds=script.seconds,
            rate=script.rate,
        )
        played = acts.play()
        ended()
        replay = _prove(acts, played.replay, standing.now().governed_seconds)
        delays = watch.delays()
    if not script.keep:
        workers.child.stop()
    view.say("a plain reader checks the topics")
    logs = read_logs(stage.kafka)
    verdict = judge(read_record(record), logs, BAD)
    recovered = recovered_at(delays, played.worker_killed_at)
    return Result(
        verdict=verdict,
        records=logs.records,
        replay=replay,
        latency_ms=_latency(delays, played),
        worst_seconds=round(max((delay.seconds for delay in delays), default=0.0), 1),
        executor_killed=played.executor_killed_at is not None,
        recovery_seconds=None
        if recovered is None
        else round(recovered - played.worker_killed_at, 1),
    )


def _prove(acts: Acts, replay: dict[str, Any], governed_seconds: float) -> ReplayResult:
    """Write the certificate and verify it: two commands, as anyone could."""
    path = acts.stage.folder / "certificates" / f"{replay['id']}.json"
    acts.run("replay", "certificate", replay["id"], "--out", str(path))
    verified, found = acts.ask("replay", "verify", str(path))
    return ReplayResult(
        id=replay["id"],
        affected=replay["affected"],
        corrected=replay["corrected"],
        seconds=round(_seconds(read_ledger(acts.stage.kafka).replays[replay["id"]]), 1),
        governed_seconds=round(governed_seconds, 1),
        certificate=path,
        verified=verified,
        checked=found["checked"],
    )


def _seconds(replay: Replay) -> float:
    """From the request to the completion, both as the ledger has them."""
    assert replay.completed is not None
    return (replay.completed.at - replay.request.at).total_seconds()


def _latency(delays: list[Delay], played: Played) -> dict[str, float]:
    kills = (played.worker_killed_at, played.executor_killed_at)
    return quantiles_ms(undisturbed(delays, [kill for kill in kills if kill is not None]))
