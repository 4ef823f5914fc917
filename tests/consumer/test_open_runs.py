import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.open_runs import Counted, Lost, Position, advance
from ledger.metadata import CommitMetadata
from ledger.runs import Run

OPEN = CommitMetadata(epoch=5, run_from=100, scored=18, dead=2)


def test_outcomes_under_the_same_epoch_add_to_the_open_run() -> None:
    step = advance(3, Position(120, OPEN), 5, closing_version="v1", counted=Counted(130, 9, 1))
    assert step.runs == ()
    assert step.metadata == CommitMetadata(epoch=5, run_from=100, scored=27, dead=3)
    assert step.position == Position(130, step.metadata)


def test_a_new_epoch_closes_the_run_where_the_group_stood_before() -> None:
    step = advance(3, Position(120, OPEN), 7, closing_version="v1", counted=Counted(130, 9, 1))
    assert step.runs == (Run(3, 100, 120, epoch=5, model_version="v1", scored=18, dead=2),)
    assert step.metadata == CommitMetadata(epoch=7, run_from=120, scored=9, dead=1)


def test_an_idle_partition_acknowledges_without_moving() -> None:
    step = advance(3, Position(120, OPEN), 7, closing_version="v1")
    assert step.position.offset == 120
    assert step.metadata == CommitMetadata(epoch=7, run_from=120, scored=0, dead=0)
    assert not step.position.owes(7)


def test_an_empty_run_is_not_written() -> None:
    empty = CommitMetadata(epoch=5, run_from=120, scored=0, dead=0)
    assert advance(3, Position(120, empty), 7, closing_version="v1").runs == ()


def test_a_reset_is_recorded_where_the_group_was_moved_to() -> None:
    step = advance(3, Position(40, None, reset=True), 7, closing_version=None)
    assert step.runs == (Run(3, 40, 40, epoch=7, model_version=None, reset=True),)
    assert step.metadata.run_from == 40
    assert not step.position.reset


def test_a_lost_range_becomes_a_run_of_no_model_and_scoring_goes_on_behind_it() -> None:
    step = advance(3, Position(120, OPEN, lost=Lost(120, 150)), 5, closing_version="v1")
    assert step.runs == (
        Run(3, 100, 120, epoch=5, model_version="v1", scored=18, dead=2),
        Run(3, 120, 150, epoch=5, model_version=None),
    )
    assert step.position == Position(150, CommitMetadata(5, 150, 0, 0))


def test_an_epoch_never_goes_back() -> None:
    with pytest.raises(ValueError, match="epochs never go back"):
        advance(3, Position(120, OPEN), 4, closing_version="v1")


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(0, 5), st.integers(0, 2)),
        min_size=1,
    )
)
def test_the_runs_and_the_open_one_cover_every_offset_once(
    steps: list[tuple[int, int, int, int]],
) -> None:
    position, epoch = Position(10), 0
    runs: list[Run] = []
    for later, scored, dead, markers in steps:
        epoch += later
        counted = Counted(position.offset + scored + dead + markers, scored, dead)
        step = advance(0, position, epoch, closing_version="v", counted=counted)
        runs += step.runs
        position = step.position
    covered = 10
    for run in runs:
        assert run.from_offset == covered
        assert run.to_offset > run.from_offset
        covered = run.to_offset
    assert position.run is not None
    assert position.run.run_from == covered
    outcomes = sum(run.events for run in runs) + position.run.scored + position.run.dead
    assert outcomes == sum(scored + dead for _, scored, dead, _ in steps)
    assert [run.epoch for run in runs] == sorted({run.epoch for run in runs})
