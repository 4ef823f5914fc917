"""Random histories against a naive observer that keeps one entry for each slot, and one who notes
down what the ledger says."""

from collections.abc import Iterable, Sequence

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

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
from tests.replay.history import STEP, Chosen, History, Partition

PARTITIONS = st.integers(0, 1)
MOMENTS = st.none() | st.integers(0, 12)
CHOSEN = st.builds(Chosen, st.sampled_from([None, None, (0,), (1,)]), MOMENTS, MOMENTS).filter(
    lambda one: one.start is None or one.end is None or one.start < one.end
)

Event = tuple[int, int]
"""Partition and offset."""


class Life(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.life = History([Partition(), Partition()])
        self.owed: set[Event] = set()

    # Hypothesis leaves half of the rules out of a history: without this beginning, few of them had
    # a replay of anything. For the same reason one rule does all that happens to replays.
    @initialize(scored=st.lists(st.tuples(PARTITIONS, st.integers(1, 9)), max_size=4))
    def models_score_and_the_last_one_is_revoked(self, scored: list[tuple[int, int]]) -> None:
        life = self.life
        life.promote(life.register())
        for partition, count in scored:
            life.publish(partition, count)
            life.score(partition, count)
            life.promote(life.register())
        life.revoke(life.naive.registered[-1], life.naive.registered[0], to=life.register())

    @rule(partition=PARTITIONS, published=st.integers(0, 12), scored=st.integers(0, 12))
    def live_scoring_goes_on(self, partition: int, published: int, scored: int) -> None:
        self.life.publish(partition, published)
        self.life.score(partition, scored)

    @rule(chance=st.randoms(use_true_random=False))
    def promote(self, chance) -> None:  # type: ignore[no-untyped-def]
        """A new model, or any that ever was: a revoked one stays where it is."""
        life = self.life
        new = chance.random() < 0.6
        life.promote(life.register() if new else chance.choice(life.naive.registered))

    @rule(chance=st.randoms(use_true_random=False), how_many=st.integers(1, 2))
    def revoke(self, chance, how_many: int) -> None:  # type: ignore[no-untyped-def]
        """Mostly what has just scored, often something else besides."""
        life = self.life
        versions = life.naive.registered
        chosen = chance.sample(versions, min(how_many, len(versions)))
        if life.naive.in_force is not None and chance.random() < 0.7:
            chosen[0] = life.naive.in_force
        new = chance.random() < 0.7
        life.revoke(*chosen, to=life.register() if new else chance.choice([None, *versions]))

    @rule(partition=PARTITIONS, event=st.integers(0, 20))
    def an_operator_moves_the_group(self, partition: int, event: int) -> None:
        self.life.reset(partition, event)

    @rule()
    def the_groups_offsets_expire(self) -> None:
        self.life.expire()

    @precondition(lambda self: self.life.naive.revoked)
    @rule(
        chance=st.randoms(use_true_random=False),
        what=st.sampled_from([*["work"] * 6, "pause", "cancel"]),
        chosen=st.just(Chosen()) | st.just(Chosen()) | CHOSEN,
        canary=st.none() | st.sampled_from([0.1, 0.5, 0.9]),
        most=st.integers(1, 20),
    )
    def something_happens_to_replays(  # type: ignore[no-untyped-def]
        self, chance, what: str, chosen: Chosen, canary: float | None, most: int
    ) -> None:
        life, active = self.life, self.life.naive.active
        paused = active is not None and life.naive.replays[active].word == "paused"
        if active is None:
            self.request(chance, chosen, canary, chunk_offsets=most)
        elif what == "cancel":
            life.cancel()
        elif what == "pause" and not paused:
            life.pause()
        else:
            self.executors_work(most, may_complete=chance.random() < 0.7)
            if paused:
                life.resume()

    def request(  # type: ignore[no-untyped-def]
        self, chance, chosen: Chosen, canary: float | None, chunk_offsets: int
    ) -> None:
        """From every model ever revoked, or from some of them."""
        life = self.life
        revoked = list(life.naive.revoked)
        some = chance.sample(revoked, chance.randint(1, len(revoked)))
        from_models = frozenset(revoked if chance.random() < 0.7 else some)
        try:
            plan = life.plan(from_models, chosen, chunk_offsets, canary)
        except UnexplainedGapError:
            self.the_events_that_were_passed_over_are_scored()
            return
        assert not self.passed_over()
        self.owed = life.owed(from_models) & life.published_within(chosen)
        assert events_in(plan.affected) == self.owed
        assert events_in(plan.chunks) == self.owed
        life.request_replay(plan, from_models, life.register(), chosen)

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

    def executors_work(self, most: int, may_complete: bool) -> None:
        """They take so many chunks, and may come to write the completion."""
        life, replay_id = self.life, self.life.active.replay_id
        noted = life.naive.replays[replay_id]
        for _ in range(most):
            held_up = noted.word == "paused" or not life.naive.may_score(noted.with_model)
            left = len(life.tasks) - len(of_replay(life.runs, replay_id))
            task = life.take_chunk()
            assert (task is None) == (held_up or not left)
        done = noted.word == "running" and every_chunk_has_its_run(life.active, life.runs)
        if done and may_complete:
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
        return all(one.fenced or not one.published for one in self.life.partitions)

    @precondition(fenced)
    @invariant()
    def what_a_planner_knows_is_what_the_observer_has_seen(self) -> None:
        """The in-force map, across gaps too; what readers hold, where it is scanned; and what is
        affected by the models ever revoked: no event less, and no event more."""
        life = self.life
        known = life.known()
        in_force, held = in_force_map(known.runs), in_force_map(known.held)
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
        ranges = affected_ranges(known.runs, revoked, known.held)
        found = events_in((p, *one) for p, own in ranges.items() for one in own)
        assert found == life.owed(revoked)

    @invariant()
    def no_more_than_the_canary_is_replayed_until_somebody_has_looked(self) -> None:
        for replay_id, replay in self.life.state.replays.items():
            most = replay.request.canary_chunks
            if most is not None and not self.life.naive.replays[replay_id].canary_accepted:
                assert len(of_replay(self.life.runs, replay_id)) <= most

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


Life.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestLife = Life.TestCase

assert STEP > 1, "offsets must have holes, as transaction markers make them"
