"""Random histories against a naive observer that keeps one entry for each slot, and one who notes
down what the ledger says."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.strategies import DataObject

from ledger.fold import ReplayState
from ledger.in_force import Segment, in_force_map
from ledger.runs import of_replay
from replay.canonical import digest
from replay.certificate import make_certificate
from replay.completion import every_chunk_has_its_run
from replay.errors import UnexplainedGapError
from replay.plan import affected_ranges
from replay.totals import disagreements
from tests.ledger.build import START
from tests.ledger.naive import assert_says
from tests.replay.history import Event, History
from tests.replay.partition import STEP, Partition
from tests.replay.planning import Chosen, known, plan

PARTITIONS = st.integers(0, 1)
MOMENTS = st.none() | st.integers(0, 12)
CHOSEN = st.builds(Chosen, st.sampled_from([None, None, (0,), (1,)]), MOMENTS, MOMENTS).filter(
    lambda one: one.start is None or one.end is None or one.start < one.end
)

HAPPENINGS = [
    *["live_scoring_goes_on"] * 3,
    "a_model_is_promoted",
    *["models_are_revoked"] * 2,
    "an_operator_moves_the_group",
    "the_groups_offsets_expire",
    *["something_happens_to_replays"] * 5,
]

Draw = Callable[..., Any]
"""What hypothesis draws from a strategy."""


class Life(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.life = History([Partition(), Partition()])
        self.life.promote(self.life.register())
        self.owed: set[Event] = set()

    # One rule for all: of several, hypothesis leaves half out of each history, and few of the
    # replays then had anything to do.
    @rule(what=st.sampled_from(HAPPENINGS), data=st.data())
    def something_happens(self, what: str, data: DataObject) -> None:
        happen: Callable[[Draw], None] = getattr(self, what)
        happen(data.draw)

    def live_scoring_goes_on(self, draw: Draw) -> None:
        partition = draw(PARTITIONS)
        self.life.publish(partition, draw(st.integers(0, 12)))
        self.life.score(partition, draw(st.integers(0, 12)))

    def a_model_is_promoted(self, draw: Draw) -> None:
        """A new one, or any that ever was: a revoked one stays where it is."""
        life = self.life
        life.promote(draw(st.sampled_from([None, *life.naive.registered])) or life.register())

    def models_are_revoked(self, draw: Draw) -> None:
        """Mostly the one that has just scored, often something else besides."""
        life = self.life
        others = draw(st.lists(st.sampled_from(life.naive.registered), max_size=1))
        mostly = life.naive.in_force if draw(st.integers(0, 3)) else None
        chosen = [*others, *([mostly] if mostly is not None else [])]
        replacement = draw(st.sampled_from([*["new"] * 4, None, *life.naive.registered]))
        if chosen:
            life.revoke(*chosen, to=life.register() if replacement == "new" else replacement)

    def an_operator_moves_the_group(self, draw: Draw) -> None:
        self.life.reset(draw(PARTITIONS), draw(st.integers(0, 20)))

    def the_groups_offsets_expire(self, _: Draw) -> None:
        self.life.expire()

    def something_happens_to_replays(self, draw: Draw) -> None:
        life = self.life
        if life.naive.active is None:
            if life.naive.revoked:
                self.a_replay_is_requested(draw)
            return
        paused = life.naive.replays[life.naive.active].word == "paused"
        what = draw(st.sampled_from([*["work"] * 6, "pause", "cancel"]))
        if what == "cancel":
            life.cancel()
        elif what == "pause" and not paused:
            life.pause()
        else:
            self.executors_work(draw)
            if paused:
                life.resume()

    def a_replay_is_requested(self, draw: Draw) -> None:
        """From every model ever revoked, or from some of them."""
        life = self.life
        revoked = st.sampled_from(list(life.naive.revoked))
        some = draw(st.just(life.naive.revoked) | st.lists(revoked, min_size=1))
        from_models = frozenset(some)
        chosen = draw(st.just(Chosen()) | st.just(Chosen()) | CHOSEN)
        canary = draw(st.none() | st.sampled_from([0.1, 0.5, 0.9]))
        try:
            made = plan(life, from_models, chosen, draw(st.integers(1, 20)), canary)
        except UnexplainedGapError:
            self.the_events_that_were_passed_over_are_scored()
            return
        assert not self.passed_over()
        self.owed = life.owed(from_models) & chosen.events(life)
        assert events_in(made.affected) == self.owed
        assert events_in(made.chunks) == self.owed
        life.request_replay(made, from_models, life.register(), chosen.scope)

    def passed_over(self) -> list[Event]:
        """The events below the fences that nobody has ever looked at. What lies before the first
        outcome and the first run of a partition is no gap."""
        life = self.life
        looked_at = {event for event, slot in life.slots.items() if slot.judged}
        told_of = looked_at | {(run.source_partition, run.from_offset) for run in life.runs}
        return [
            (partition, offset)
            for partition, fence in life.fences().items()
            for offset in range(0, fence, STEP)
            if (partition, offset) not in looked_at
            and any(p == partition and o <= offset for p, o in told_of)
        ]

    def the_events_that_were_passed_over_are_scored(self) -> None:
        """As the error says."""
        passed_over = self.passed_over()
        assert passed_over
        for partition, offset in reversed(passed_over):
            self.life.reset(partition, offset // STEP)
        for partition in {partition for partition, _ in passed_over}:
            self.life.score(partition, len(self.life.partitions[partition].published))

    def executors_work(self, draw: Draw) -> None:
        """Some of them take so many chunks, and may come to write the completion."""
        life, replay_id = self.life, self.life.active.replay_id
        noted = life.naive.replays[replay_id]
        first = draw(st.integers(0, 3))
        for which in range(first, first + draw(st.integers(1, 20))):
            held_up = noted.word == "paused" or not life.naive.may_score(noted.with_model)
            left = len(life.tasks) - len(of_replay(life.runs, replay_id))
            looked_at = noted.canary_accepted or life.active.request.canary_chunks is None
            task = life.take_chunk(which)
            assert (task is None) == (held_up or not left)
            assert task is None or task.canary or looked_at
        done = noted.word == "running" and every_chunk_has_its_run(life.active, life.runs)
        if done and draw(st.integers(0, 3)):
            self.complete()

    def complete(self) -> None:
        """Too late, where the replacement has been revoked meanwhile."""
        life, replay = self.life, self.life.active
        assert not disagreements(replay.request.affected, life.runs, replay.replay_id, replay.epoch)
        life.complete()
        if life.naive.may_score(replay.request.with_model):
            from_models = set(replay.request.from_models)
            left = {event for event, slot in life.slots.items() if slot.held_of in from_models}
            left &= self.owed if replay.request.scope != "all" else left
            assert not left, f"left behind: {left}"

    @invariant()
    def the_ledger_is_what_was_noted_down(self) -> None:
        assert_says(self.life.state, self.life.naive)

    def fenced(self) -> bool:
        """Whether a planner would go on: it waits for a partition that an operator has moved."""
        return all(one.open_run or not one.published for one in self.life.partitions)

    @precondition(fenced)
    @invariant()
    def what_a_planner_knows_is_what_the_observer_has_seen(self) -> None:
        """The in-force map, across gaps too; what readers hold, where it is scanned; and what is
        affected by the models ever revoked: no event less, and no event more."""
        life = self.life
        seen = known(life)
        in_force, held = in_force_map(seen.runs), in_force_map(seen.held)
        moved = {run.source_partition for run in life.runs if run.reset}
        for partition, one in enumerate(life.partitions):
            for offset in one.offsets(0, one.end):
                slot = life.slots[partition, offset]
                judged = models_at(in_force.get(partition, []), offset)
                assert judged == ([slot.judged_by] if slot.judged else []), (partition, offset)
                if partition in moved:
                    scanned = models_at(held.get(partition, []), offset)
                    assert scanned == ([slot.held_of] if slot.held else []), (partition, offset)
        revoked = frozenset(life.naive.revoked)
        ranges = affected_ranges(seen.runs, revoked, seen.held)
        found = events_in((p, *one) for p, own in ranges.items() for one in own)
        assert found == life.owed(revoked)

    @invariant()
    def a_certificate_is_made_again_from_ledger_and_runs(self) -> None:
        for replay in self.life.state.replays.values():
            if replay.state is ReplayState.COMPLETED:
                assert replay.completed is not None
                again = make_certificate(self.life.state, reversed(self.life.runs), replay, START)
                assert digest(again) == replay.completed.certificate
                runs = of_replay(self.life.runs, replay.replay_id)
                events = sum(b - a for _, a, b in replay.request.affected)
                assert again["totals"]["scored"] + again["totals"]["dead"] <= events
                assert len(again["chunks"]) == len(runs) == replay.request.chunks


def models_at(found: Sequence[Segment], offset: int) -> list[str | None]:
    return [s.run.model_version for s in found if s.from_offset <= offset < s.to_offset]


def events_in(intervals: Iterable[tuple[int, int, int]]) -> set[Event]:
    """The events of some ranges: those at an even offset."""
    return {(p, o) for p, a, b in intervals for o in range(-(-a // STEP) * STEP, b, STEP)}


Life.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestLife = Life.TestCase

assert STEP > 1, "offsets must have holes, as transaction markers make them"
