"""The worker tests' world, with replays in it: executors in threads, and a naive reader."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ledger.fold import LedgerState, Model, Replay
from ledger.reader import read_ledger
from model.artifact import load
from model.engine import Engine
from replay.chunk_scorer import Load
from replay.executor import Executor
from replay.request import Order, Requested, request_replay
from replay.settings import ReplaySettings
from replay.source import Archive
from tests import exactly_once
from tests.consumer.world import World, eventually

SETTINGS = ReplaySettings(chunk_offsets=50, live_age_limit=3600, live_lag_limit=10**9)


class ReplayWorld(World):
    """One cluster under one prefix, with a model store."""

    def load(self, model: Model) -> Engine:
        return load(self.store, model.uri, model.digest, model.version)

    @property
    def state(self) -> LedgerState:
        return read_ledger(self.kafka)

    def replay(self, replay_id: str) -> Replay:
        return self.state.replays[replay_id]

    def request(
        self,
        *from_models: str,
        to: str,
        chunk_offsets: int = 50,
        say: Callable[[str], None] = print,
        archive: Archive | None = None,
        **order: Any,
    ) -> Requested:
        """Ask for a replay; nothing is done about it yet."""
        return request_replay(
            self.kafka,
            Order(to, from_models, **order),
            by="test",
            reason="test",
            chunk_offsets=chunk_offsets,
            load=self.load,
            drain=lambda: None,
            archive=archive,
            say=say,
        )

    def until_completed(self, replay_id: str, *, seconds: float = 60) -> Replay:
        return eventually(
            f"replay {replay_id} completed",
            lambda: replay if (replay := self.replay(replay_id)).completed else None,
            seconds=seconds,
        )

    @contextmanager
    def executor(
        self,
        name: str = "test",
        settings: ReplaySettings = SETTINGS,
        load: Load | None = None,
        archive: Archive | None = None,
    ) -> Iterator[threading.Thread]:
        """An executor in a thread, until the end of the block; its error is raised there."""
        done = threading.Event()
        errors: list[BaseException] = []

        def work() -> None:
            executor = Executor(
                self.kafka,
                settings,
                instance=name,
                load=load or self.load,
                stop=done.is_set,
                archive=archive,
            )
            try:
                executor.run()
            except BaseException as error:
                errors.append(error)
            finally:
                executor.close()

        thread = threading.Thread(target=work, name=name)
        thread.start()
        try:
            yield thread
        finally:
            done.set()
            thread.join(60)
        if errors:
            raise errors[0]

    def every_output(self) -> dict[tuple[int, int], list[dict[str, Any]]]:
        """Every output, replays' too, by source partition and offset."""
        found: dict[tuple[int, int], list[dict[str, Any]]] = {}
        for message in exactly_once.read(self.kafka, self.kafka.names.slot_probability):
            output = json.loads(message.value() or b"")
            place = output["source_partition"], output["source_offset"]
            found.setdefault(place, []).append(output)
        return found

    def in_force(self) -> dict[tuple[int, int], dict[str, Any]]:
        """What a reader who keeps the reader's rule holds for each event."""
        return {
            place: max(outputs, key=lambda output: output["epoch"])
            for place, outputs in self.every_output().items()
        }
