from broker.groups import Committed
from consumer.open_runs import Lost, Position
from consumer.starting_point import Origin, Traces, needs_traces, starting_point
from ledger.metadata import CommitMetadata, encode

RUN = CommitMetadata(epoch=5, run_from=100, scored=18, dead=2)
OURS = Committed(120, encode(RUN))
NOTHING = Traces(run_end=None, outcome_end=None)


def test_a_committed_offset_with_our_metadata_carries_its_run_on() -> None:
    start = starting_point(OURS, 0, 200)
    assert start.position == Position(120, RUN)
    assert start.origin is Origin.COMMITTED
    assert start.problem is None


def test_a_partition_that_left_no_trace_starts_at_the_log_start() -> None:
    never = Committed(None, "")
    assert needs_traces(never)
    start = starting_point(never, 7, 200, traces=NOTHING)
    assert start.position == Position(7)
    assert start.origin is Origin.NEW


def test_expired_offsets_go_on_behind_the_last_outcome_and_say_so() -> None:
    start = starting_point(Committed(None, ""), 0, 200, traces=Traces(80, 120))
    assert start.position == Position(120, reset=True)
    assert start.origin is Origin.EXPIRED


def test_expired_offsets_of_a_partition_known_only_by_a_run_go_on_behind_it() -> None:
    start = starting_point(Committed(None, ""), 0, 200, traces=Traces(150, 120))
    assert start.position.offset == 150


def test_an_offset_without_our_metadata_was_set_by_an_operator() -> None:
    for text in ("", "note to self", "{}", '{"epoch":-1,"run_from":0,"scored":0,"dead":0}'):
        start = starting_point(Committed(40, text), 0, 200)
        assert start.position == Position(40, reset=True), text
        assert start.origin is Origin.MOVED


def test_what_retention_deleted_is_not_skipped_in_silence() -> None:
    start = starting_point(OURS, 150, 200)
    assert start.problem is not None
    assert "offsets 120 to 150 were deleted" in start.problem
    assert "worker.accept_lost" in start.problem
    # Meanwhile it acknowledges epochs where it stands, and records nothing as lost.
    assert start.position == Position(120, RUN)


def test_what_retention_deleted_is_recorded_as_lost_once_that_was_accepted() -> None:
    start = starting_point(OURS, 150, 200, accept_lost=True)
    assert start.problem is None
    assert start.position == Position(120, RUN, lost=Lost(120, 150))


def test_an_offset_past_the_end_of_the_log_waits_for_a_person() -> None:
    start = starting_point(OURS, 0, 20)
    assert start.problem is not None
    assert "past the end of its log (20)" in start.problem


def test_the_end_of_the_log_itself_is_a_fine_place_to_go_on() -> None:
    assert starting_point(OURS, 120, 120).problem is None
