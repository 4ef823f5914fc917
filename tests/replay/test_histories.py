"""Random histories against a naive observer that keeps every outcome of every event."""

from collections.abc import Sequence

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ledger.fold import ReplayState
from ledger.in_force import Segment, in_force_map, reset_partitions
from ledger.runs import of_replay
from replay.canonical import digest
from replay.certificate import make_certificate
from replay.plan import affected_ranges
from replay.totals import disagreements
from tests.ledger.build import START
from tests.replay.history import STEP, History, Partition

PARTITIONS = st.integers(0, 1)


class Life(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.life = History([Partition(), Partition()])
        self.life.promote(self.life.register())

    @rule(partition=PARTITIONS, count=st.integers(1, 12))
    def publish_and_score(self, partition: int, count: int) -> None:
        self.life.publish(partition, count)
        self.life.score(partition, count)

    @rule(partition=PARTITIONS, count=st.integers(1, 8))
    def publish_without_scoring(self, partition: int, count: int) -> None:
        self.life.publish(partition, count)

    @rule(partition=PARTITIONS, count=st.integers(0, 8))
    def score(self, partition: int, count: int) -> None:
        self.life.score(partition, count)

    @rule()
    def promote_a_new_model(self) -> None:
        self.life.promote(self.life.register())

    @rule(chance=st.randoms(use_true_random=False), how_many=st.integers(1, 2))
    def revoke(self, chance, how_many: int) -> None:  # type: ignore[no-untyped-def]
        versions = sorted(self.life.state.models)
        chosen = chance.sample(versions, min(how_many, len(versions)))
        replacement = self.life.register() if chance.random() < 0.8 else None
        self.life.revoke(*chosen, to=replacement)

    @rule(partition=PARTITIONS, event=st.integers(0, 20))
    def an_operator_moves_the_group(self, partition: int, event: int) -> None:
        self.life.reset(partition, event)

    @rule()
    def the_groups_offsets_expire(self) -> None:
        self.life.expire()

    @precondition(lambda self: self.life.state.revoked and not self.life.state.active_replay)
    @rule(chunk_offsets=st.integers(1, 12))
    def request_a_replay(self, chunk_offsets: int) -> None:
        self.life.request_replay(self.life.register(), chunk_offsets)

    @precondition(lambda self: self.life.state.active_replay and self.life.chunks)
    @rule(count=st.integers(1, 5))
    def run_chunks(self, count: int) -> None:
        for _ in range(min(count, len(self.life.chunks))):
            self.life.run_chunk()

    @precondition(lambda self: self.life.state.active_replay and not self.life.chunks)
    @rule()
    def complete(self) -> None:
        life = self.life
        replay = life.state.active_replay
        assert replay is not None
        assert not disagreements(replay.request.affected, life.runs, replay.replay_id, replay.epoch)
        life.complete()
        if life.state.usable(replay.request.with_model):
            from_models = set(replay.request.from_models)
            left = [key for key, v in life.held_naively().items() if v in from_models]
            assert not left, f"left behind: {left}"

    @precondition(lambda self: self.life.state.active_replay)
    @rule()
    def cancel(self) -> None:
        self.life.cancel()

    def fenced(self) -> bool:
        """Whether a planner would go on: it waits for a partition that an operator has moved."""
        return all(one.metadata or not one.events for one in self.life.partitions)

    @precondition(fenced)
    @invariant()
    def the_map_from_the_runs_is_the_naive_one(self) -> None:
        """Also across gaps. Where the group was moved back, a refusal that a replay passed over in
        silence may lie above a live probability: there only what readers hold can be said."""
        resets = reset_partitions(self.life.runs)
        segments_of = in_force_map(self.life.known_runs())
        for (partition, offset), version in self.life.in_force_naively().items():
            if partition not in resets:
                assert models_at(segments_of.get(partition, []), offset) == [version]

    @precondition(fenced)
    @invariant()
    def what_a_scan_says_is_held_is_what_readers_hold(self) -> None:
        resets = reset_partitions(self.life.runs)
        segments_of = in_force_map(self.life.held_runs())
        for (partition, offset), version in self.life.held_naively().items():
            if partition in resets:
                assert models_at(segments_of.get(partition, []), offset) == [version]

    @precondition(fenced)
    @invariant()
    def everything_of_a_revoked_model_is_affected(self) -> None:
        revoked = self.life.state.revoked
        ranges = affected_ranges(self.life.known_runs(), revoked, self.life.held_runs())
        for (partition, offset), version in self.life.held_naively().items():
            if version in revoked:
                assert any(a <= offset < b for a, b in ranges[partition]), (partition, offset)

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


Life.TestCase.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
TestLife = Life.TestCase

assert STEP > 1, "offsets must have holes, as transaction markers make them"
