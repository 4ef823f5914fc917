"""The executor: takes chunks from ``replay-tasks``, each one transaction, and gives way to live.

Killed anywhere, a chunk is done again whole, and nothing appears twice: outputs, run and task
offset are visible together or not at all. While one chunk is written, which is mostly waiting, a
second thread scores the one that was taken before that began.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

import structlog
from confluent_kafka import TopicPartition

from broker.clients import new_admin
from broker.consuming import MembershipLost
from broker.errors import SourceGoneError
from broker.settings import KafkaSettings
from ledger.fold import Replay
from ledger.reader import LedgerReader
from ledger.runs import RunsReader
from ledger.writer import LedgerConflict
from replay.chunk_scorer import ChunkScorer, Load
from replay.chunk_writer import ChunkWriter, Scored, Taken
from replay.completion import complete, every_chunk_has_its_run
from replay.control import pause_at_canary
from replay.errors import SourceRangesGoneError
from replay.judgement import Judgement, canary_first, canary_reached, judge, may_run
from replay.live import Governor
from replay.settings import ReplaySettings
from replay.source import Archive, gone_ranges, refuse_gone
from replay.task_queue import TaskQueue
from replay.tasks import Task

_LOG = structlog.get_logger()

WAIT_SECONDS = 0.1
"""How long to stay in the group between two looks at the ledger and the governor."""

PATIENCE_SECONDS = 30.0
"""How long a half-scored chunk waits for live scoring, over all its batches, before it is given up
and taken again."""

IDLE_LOOK_SECONDS = 1.0
"""How often an executor without tasks looks whether the replay is done."""


class Executor:
    """One executor. ``run`` returns when ``stop`` says so; ``close`` after it.

    Args:
        instance: unique among all executors of the cluster: their transactional ids carry it.
        load: brings a registered model, proved.
        archive: where source events past Kafka's retention are had.
        stop: asked between chunks, and inside them.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        settings: ReplaySettings,
        *,
        instance: str,
        load: Load,
        stop: Callable[[], bool],
        archive: Archive | None = None,
    ) -> None:
        self._kafka = kafka
        self._instance = instance
        self._stop = stop
        self._ledger = LedgerReader(kafka)
        self._runs = RunsReader(kafka)
        self._archive = archive
        self._scorer = ChunkScorer(kafka, load, archive, queue_kbytes=settings.queue_kbytes)
        self._scoring = ThreadPoolExecutor(1, thread_name_prefix="scoring")
        self._scored: Scored | None = None
        self._governor = Governor(kafka, settings.limits, self._live_scoring)
        self._queue = TaskQueue(kafka, settings)
        self._writer = ChunkWriter(kafka, self._queue, instance)
        self._not_before = 0.0
        self._looked_at = 0.0
        self._patience = 0.0

    def run(self) -> None:
        """Work until ``stop`` says so.

        Raises:
            UnavailableError: something that an executor cannot mend: a model that cannot be used,
                source events that are gone, counts that disagree, a cluster that refuses us.
        """
        self._ledger.read_to_end()
        while not self._stop():
            self._ledger.poll()
            self._release_withheld()
            # Before the transaction of what is scored: the group's partitions come and go here.
            taken = self._take()
            if self._scored is not None and self._holds_back(self._scored, taken):
                continue
            if self._scored is not None:
                self._write(self._scored, taken)
            elif taken is not None:
                self._scored = self._score(taken)
                if self._scored is None:
                    self._queue.put_back(taken.place)

    def close(self) -> None:
        """Leave the group and let everything go."""
        self._scoring.shutdown()
        self._governor.close()
        self._queue.close()
        self._writer.close()
        self._scorer.close()
        self._runs.close()
        self._ledger.close()

    def _live_scoring(self) -> bool:
        """Whether anything is to be protected: a replay runs, and a model scores live."""
        state = self._ledger.state
        return state.active_replay is not None and state.in_force is not None

    def _may_take_one(self) -> bool:
        """Tasks of an old replay are skipped at any time; the active one must be allowed to run."""
        active = self._ledger.state.active_replay
        if active is None:
            return True
        if not may_run(active, self._ledger.state) or self._governor.verdict.gives_way:
            return False
        return time.monotonic() >= self._not_before

    def _release_withheld(self) -> None:
        active = self._ledger.state.active_replay
        if active is None or not canary_first(active):
            self._queue.release()

    def _take(self) -> Taken | None:
        """A task that is to be done, if there is one; waits for it where nothing else is to do."""
        idle = self._scored is None
        if not self._may_take_one():
            if idle:
                self._writer.commit_skipped()
                self._queue.idle(WAIT_SECONDS)
            return None
        found = self._queue.poll(WAIT_SECONDS if idle else 0.0)
        if found is not None:
            return self._judged(*found)
        if idle:
            self._writer.commit_skipped()
            self._finish_if_done()
        return None

    def _judged(self, task: Task, place: TopicPartition) -> Taken | None:
        """The task, if the ledger and the runs say that it is to be done."""
        try:
            group_metadata = self._queue.group_metadata()
        except MembershipLost:
            _LOG.info("the group has put this executor out; joining again")
            self._queue.put_back(place)
            return None
        runs = self._runs.read_to_end()
        judgement = judge(task, self._ledger.state, runs)
        if judgement is Judgement.READ:
            # The request and its tasks were committed together, but their markers may not show
            # together: a fresh read waits for the ledger's.
            judgement = judge(task, self._ledger.read_to_end(), runs)
        if judgement is Judgement.DO:
            self._keep_rate(task)
            return Taken(task, place, group_metadata)
        if judgement is Judgement.SKIP:
            self._queue.skip(place)
        elif judgement is Judgement.WITHHOLD:
            self._queue.withhold(place)
        else:
            self._queue.put_back(place)
            self._queue.idle(WAIT_SECONDS)
        return None

    def _score(self, taken: Taken) -> Scored | None:
        """Its outcomes; None: given up, to be taken again."""
        self._patience = PATIENCE_SECONDS
        replay = self._ledger.state.replays[taken.task.replay_id]
        try:
            chunk = self._scorer.score(
                replay, taken.task.chunk, self._ledger.state, self._runs.runs, self._go_on
            )
        except SourceRangesGoneError:
            # All that is gone is named, not this chunk's part alone.
            affected = replay.request.affected
            refuse_gone(gone_ranges(self._kafka, new_admin(self._kafka), affected), self._archive)
            raise
        except SourceGoneError:
            # Retention has just moved past the start of the chunk: the next try asks the archive.
            return None
        return None if chunk is None else Scored(taken, chunk)

    def _write(self, scored: Scored, following: Taken | None) -> None:
        """Write a chunk, and score the one that follows while Kafka is waited for."""
        self._scored = None
        replay = self._ledger.state.replays[scored.taken.task.replay_id]
        if not (replay.active and may_run(replay, self._ledger.state)):
            self._put_back(scored.taken, following)
            return
        ahead = self._scoring.submit(self._score, following) if following is not None else None
        try:
            written = self._writer.write(scored.chunk, scored.taken)
        finally:
            # Whatever became of this one: that thread is not at work when anything else is.
            if ahead is not None:
                wait([ahead])
        # Its error counts, whatever became of this one.
        next_scored = ahead.result() if ahead is not None else None
        if not written:
            self._put_back(scored.taken, following)
            return
        self._scored = next_scored
        if following is not None and next_scored is None:
            self._queue.put_back(following.place)
        self._finish_if_done(now=True)

    def _holds_back(self, scored: Scored, following: Taken | None) -> bool:
        """Whether what is scored has to wait for live scoring; given up when its patience ends."""
        if following is not None or not self._governor.verdict.gives_way:
            return False
        self._patience -= WAIT_SECONDS
        if self._patience > 0:
            self._queue.idle(WAIT_SECONDS)
        else:
            self._scored = None
            self._queue.put_back(scored.taken.place)
        return True

    def _put_back(self, first: Taken, following: Taken | None) -> None:
        """Take both again. The first of them last: they may stand in the same partition."""
        if following is not None:
            self._queue.put_back(following.place)
        self._queue.put_back(first.place)

    def _go_on(self) -> bool:
        """Between the batches of a chunk: wait while live scoring is behind; no: give it up."""
        while self._governor.verdict.gives_way and not self._stop():
            if self._patience <= 0:
                return False
            self._patience -= WAIT_SECONDS
            time.sleep(WAIT_SECONDS)
        state = self._ledger.poll()
        active = state.active_replay
        return not self._stop() and active is not None and may_run(active, state)

    def _keep_rate(self, task: Task) -> None:
        """With a rate asked for, each executor takes its share of it: no task before this one's
        offsets have had their time, so that none is taken ahead either."""
        rate = self._ledger.state.replays[task.replay_id].request.rate
        if rate is not None:
            share = max(self._queue.share, 1e-3)
            offsets = task.chunk.to_offset - task.chunk.from_offset
            self._not_before = time.monotonic() + offsets / (rate * share)

    def _pause_for_canary(self, replay: Replay) -> None:
        try:
            pause_at_canary(self._kafka, replay.replay_id, by=f"creneau executor {self._instance}")
        except LedgerConflict:
            _LOG.info("another writer was first, looking again")
        self._ledger.read_to_end()

    def _finish_if_done(self, *, now: bool = False) -> None:
        """Write the completion of the active replay, if this is the time."""
        replay = self._ledger.state.active_replay
        if replay is None or not may_run(replay, self._ledger.state):
            return
        if not now and time.monotonic() < self._looked_at + IDLE_LOOK_SECONDS:
            return
        if canary_first(replay) and canary_reached(replay, self._runs.read_to_end()):
            # Before the completion: a replay that is nothing but canary pauses too.
            self._pause_for_canary(replay)
            return
        if now and self._scored is not None:
            return
        self._looked_at = time.monotonic()
        if not every_chunk_has_its_run(replay, self._runs.read_to_end()):
            return
        try:
            if complete(self._kafka, replay, f"creneau executor {self._instance}") is not None:
                _LOG.info("replay completed", replay_id=replay.replay_id)
        except LedgerConflict:
            _LOG.info("another writer was first, looking again")
        self._ledger.read_to_end()
