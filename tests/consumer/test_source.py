import pytest

from broker.clients import new_consumer
from broker.consuming import MembershipLost
from broker.settings import KafkaSettings
from consumer.assignment import Assignment
from consumer.open_runs import Position
from consumer.source import Source
from ledger.metadata import CommitMetadata

RUN = CommitMetadata(epoch=5, run_from=0, scored=10, dead=0)


@pytest.fixture
def source() -> Source:
    """A consumer that is in no group (and needs no broker for that)."""
    kafka = KafkaSettings("127.0.0.1:1")
    consumer = new_consumer(kafka, group_id="g")
    assignment = Assignment(consumer, "slot-created", lambda _: {}, lambda: None)
    assignment.moved_to(0, Position(10, RUN))
    return Source(consumer, assignment, "nowhere")


def test_without_a_member_id_no_offsets_are_sent(source: Source) -> None:
    # A broker takes offsets without a member id from anybody, as if set by hand.
    with pytest.raises(MembershipLost):
        source.membership()


def test_only_what_has_been_idle_goes_past_its_markers(source: Source) -> None:
    source.ends = {0: (12, float("-inf"))}
    assert source.idle_ends(5.0) == {0: 12}
    source.ends = {0: (12, float("inf"))}
    assert source.idle_ends(5.0) == {}


def test_an_end_that_is_committed_already_needs_nothing(source: Source) -> None:
    source.ends = {0: (10, float("-inf")), 1: (99, float("-inf"))}
    assert source.idle_ends(5.0) == {}
