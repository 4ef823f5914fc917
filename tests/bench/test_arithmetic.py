"""What the benches make of what they measure. None of them is run here."""

import numpy as np
import pytest
from numpy.typing import NDArray

from bench import give_way, latency, processes, scoring, start, swap, thousand
from bench.live import Latency
from bench.long_history import Shape, decisions, runs
from bench.proc import TICKS, Cpu, cores, seconds_in
from consumer.outcomes import outcomes
from ledger.fold import EMPTY, Model, ReplayState, fold
from ledger.in_force import gaps, in_force_map
from ledger.records import ModelPromoted, ReplayRequested
from tests.ledger.build import START

MODEL = Model("m", "0" * 64, "file:///m", 1, {}, 0, START)


def test_processor_time_is_user_and_system_time_whatever_the_process_is_called() -> None:
    after_name = ["S", *"1234567890"]  # state, then fields 4 to 13
    line = f"42 (a ) strange) {' '.join(after_name)} {3 * TICKS} {2 * TICKS} 99 99"
    assert seconds_in(line) == 5


def test_cores_are_processor_seconds_by_seconds_for_whom_both_looks_have_seen() -> None:
    before, after = Cpu(10.0, {"a": 1.0}), Cpu(14.0, {"a": 3.0, "late": 9.0})
    assert cores(before, after) == {"a": 0.5}


def test_a_latency_ratio_is_the_median_of_the_rounds_ratios() -> None:
    worker = [Latency(p50, 20, 30, 1_000) for p50 in (10, 30, 20)]
    bare = [Latency(p50, 10, 30, 1_000) for p50 in (10, 10, 40)]
    found = latency.results({"worker": worker, "bare": bare})
    assert found["ratio"] == {"p50": 1.0, "p90": 2.0, "p99": 1.0}
    assert found["median"]["worker_p50_ms"] == 20
    assert found["median"]["bare_p50_ms"] == 10


def test_a_curve_is_relative_to_its_first_number_of_processes_by_round() -> None:
    one = processes.Measured(100.0, {"broker": 0.5, "worker 1": 1.0})
    two = processes.Measured(150.0, {"broker": 0.7, "worker 1": 0.6, "worker 2": 0.6})
    found = processes.results({1: [one, one, one], 2: [two, one, two]})
    assert found["ratio"] == {"1": 1.0, "2": 1.5}
    assert found["median"]["2"]["cores"] == {"broker": 0.7, "worker 1": 0.6, "worker 2": 0.6}


def test_what_scoring_costs_the_broker_is_what_it_adds_to_publishing() -> None:
    one = {
        "idle": {"broker": 0.01},
        "published": {"broker": 0.05, "slot app": 0.2},
        "scored": {"broker": 0.15, "slot app": 0.2, "pool": 0.01, "worker 1": 0.07},
    }
    median = thousand.results([one])["median"]
    assert median["worker"] == pytest.approx(0.08)
    assert median["broker_for_scoring"] == pytest.approx(0.1)
    assert median["broker_for_publishing"] == pytest.approx(0.04)
    assert median["worker_and_broker"] == pytest.approx(0.18)


def test_the_steps_of_a_start_are_read_from_the_workers_log() -> None:
    log = [
        '{"event": "worker started", "timestamp": "2026-11-24T03:00:01Z"}',
        "something that a library printed",
        '{"event": "partition new", "timestamp": "2026-11-24T03:00:02Z"}',
        '{"event": "partition new", "timestamp": "2026-11-24T03:00:03Z"}',
        '{"event": "model in force", "timestamp": "2026-11-24T03:00:02.5Z"}',
    ]
    found = start.reached(log, START.timestamp())
    assert found == {"process ready": 1.0, "joined and placed": 3.0, "model loaded": 2.5}
    assert start.in_order([found])[1:] == [
        ("model loaded", 2.5, 1.5),
        ("joined and placed", 3.0, 0.5),
    ]


def test_a_groups_delay_is_what_the_longer_one_adds() -> None:
    rounds = {0: [{"first commit read": 2.0}], 3_000: [{"first commit read": 5.1}]}
    median = start.results(rounds, 0.2)["median"]
    assert (median["first_commit_seconds"], median["group_delay_seconds"]) == (2.0, 3.1)


def test_the_longest_gap_counts_from_the_beginning_and_to_the_end() -> None:
    assert swap.longest_gap([2.0, 1.0, 2.5], 0.5, 3.0) == 1.0
    assert swap.longest_gap([2.0], 0.5, 3.0) == 1.5
    assert swap.longest_gap([], 0.5, 3.0) == 2.5


def test_an_executor_has_given_way_at_its_last_commit() -> None:
    assert give_way.after(10.0, [10.1, 10.4]) == pytest.approx(0.4)
    assert give_way.after(10.0, []) == 0


class EvenOdds:
    """An engine that knows nothing."""

    def probabilities(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.full(len(matrix), 0.5)


def test_a_batch_is_measured_as_the_worker_makes_its_outcomes() -> None:
    events = scoring.messages()[:100]
    parts = scoring.in_parts(events, 40)
    assert [len(part) for part in parts] == [40, 40, 20]
    made = outcomes(EvenOdds(), events, scoring.PROVENANCE)
    assert (len(made.outputs), made.dead_letters) == (100, [])
    assert len({(m.partition(), m.offset()) for m in events}) == 100


def test_a_long_history_is_one_that_workers_and_executors_could_have_written() -> None:
    shape = Shape.of(2_000, replays=5)
    records = decisions(shape, MODEL, spare=2)
    state = EMPTY
    for offset, record in enumerate(records):
        state = fold(state, offset, record)
    every = list(runs(shape, records, range(len(records))))

    assert 2_000 <= len(every) == shape.runs
    assert state.in_force == shape.version(5)
    assert len(state.revoked) == 5
    assert {one.state for one in state.replays.values()} == {ReplayState.COMPLETED}
    epochs = [offset for offset, one in enumerate(records) if isinstance(one, ReplayRequested)]
    promoted = next(at for at, one in enumerate(records) if isinstance(one, ModelPromoted))
    assert {run.epoch for run in every if run.replay_id is not None} == set(epochs)
    assert min(run.epoch for run in every) == promoted
    for partition, segments in in_force_map(every).items():
        own = [run for run in every if run.source_partition == partition]
        assert gaps(own, shape.events) == []
        assert {one.run.model_version for one in segments} == {shape.version(5)}
