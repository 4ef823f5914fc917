"""From a task to a scored chunk: the replacement, the source, the earlier verdicts."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version

from broker.settings import KafkaSettings
from ledger.fold import LedgerState, Model, Replay
from ledger.records import Interval
from ledger.runs import Run
from model.engine import Engine
from replay.chunk import Chunk, Provenance
from replay.plain import PlainReader
from replay.source import Archive, SourceReader
from replay.verdicts import DeadLetters, dead_before

Load = Callable[[Model], Engine]
"""Loads and proves a registered model; raises ``ModelUnusable``."""


class ChunkScorer:
    """Scores chunks; keeps the replacement loaded and each partition's dead letters, by replay."""

    def __init__(
        self,
        kafka: KafkaSettings,
        load: Load,
        archive: Archive | None,
        *,
        queue_kbytes: int,
    ) -> None:
        self._kafka = kafka
        self._load = load
        self._source = SourceReader(kafka, archive, queue_kbytes=queue_kbytes)
        self._distribution = version("creneau")
        self._replay_id: str | None = None
        self._engine: Engine | None = None
        self._dead: dict[int, DeadLetters] = {}
        self._plain: PlainReader | None = None

    def score(
        self,
        replay: Replay,
        interval: Interval,
        state: LedgerState,
        runs: Sequence[Run],
        between: Callable[[], bool],
    ) -> Chunk | None:
        """The chunk with all its outcomes; nothing is written here.

        ``between`` is asked between batches and may wait; where it says no, the chunk is given up
        (None) and is to be taken again later.

        Raises:
            ModelUnusable: the replacement cannot be used.
            LoadTooSlowError: the store has not given it in time.
            SourceRangesGoneError: source events are past retention, without an archive.
        """
        engine = self._prepare(replay, state)
        if interval.partition not in self._dead:
            self._plain = self._plain or PlainReader(self._kafka)
            self._dead[interval.partition] = DeadLetters(
                self._plain.dead_offsets(interval.partition), replay.epoch
            )
        before = dead_before(interval, self._dead[interval.partition], runs, replay.epoch)
        chunk = Chunk(interval, self._provenance(replay), before)
        for batch in self._source.read(interval):
            if not between():
                return None
            chunk.add(engine, batch, datetime.now(UTC))
        return chunk

    def close(self) -> None:
        """Let the clients go."""
        self._source.close()
        if self._plain is not None:
            self._plain.close()

    def _prepare(self, replay: Replay, state: LedgerState) -> Engine:
        if self._replay_id != replay.replay_id or self._engine is None:
            self._dead = {}
            model = state.models[replay.request.with_model]
            self._engine = self._load(model)
            self._replay_id = replay.replay_id
        return self._engine

    def _provenance(self, replay: Replay) -> Provenance:
        return Provenance(
            topic=self._kafka.names.slot_created,
            epoch=replay.epoch,
            model_version=replay.request.with_model,
            replay_id=replay.replay_id,
            distribution=self._distribution,
        )
