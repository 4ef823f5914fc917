"""Writing to the ledger on a real Kafka: one operator at a time."""

import pytest

from broker.session import TransactionalSession
from broker.settings import KafkaSettings
from ledger.fold import LedgerState
from ledger.reader import LedgerReader, read_ledger, read_records
from ledger.records import Record, encode
from ledger.writer import Companion, LedgerConflict, append
from producer_contract.errors import BadUseError
from tests.ledger.build import promoted, registered

pytestmark = pytest.mark.kafka


def test_what_is_appended_is_read_at_the_offsets_that_are_given_back(
    topics: KafkaSettings,
) -> None:
    first = append(topics, lambda _: [registered("a"), promoted("a")])
    second = append(topics, lambda _: [registered("b")])
    found = list(read_records(topics))
    assert [offset for offset, _ in found] == first + second
    assert read_ledger(topics).in_force == "a"


def test_a_reader_sees_a_record_as_soon_as_it_reads_to_the_end(topics: KafkaSettings) -> None:
    reader = LedgerReader(topics)
    assert reader.read_to_end().in_force is None
    append(topics, lambda _: [registered("a"), promoted("a")])
    assert reader.read_to_end().in_force == "a"
    reader.close()


def test_a_refusal_writes_nothing(topics: KafkaSettings) -> None:
    def refuse(_: LedgerState) -> list[Record]:
        raise BadUseError("no")

    with pytest.raises(BadUseError):
        append(topics, refuse)
    assert list(read_records(topics)) == []
    assert append(topics, lambda _: []) == []


def test_of_two_operators_one_wins_and_the_other_is_told(topics: KafkaSettings) -> None:
    def meanwhile(_: LedgerState) -> list[Record]:
        append(topics, lambda _: [registered("quicker")])
        return [registered("slower")]

    with pytest.raises(LedgerConflict, match="ModelRegistered by ana"):
        append(topics, meanwhile)
    assert set(read_ledger(topics).models) == {"quicker"}


def test_an_operator_who_died_in_the_middle_is_fenced_and_leaves_nothing(
    topics: KafkaSettings,
) -> None:
    dead = TransactionalSession(topics, topics.names.ledger_transactional_id)
    dead.begin()
    dead.produce(topics.names.model_ledger, 0, key=None, value=encode(registered("half")))
    append(topics, lambda _: [registered("whole")])
    assert set(read_ledger(topics).models) == {"whole"}
    dead.close()


def test_companions_appear_with_the_record(topics: KafkaSettings) -> None:
    task = Companion(topics.names.replay_tasks, 3, b"task")
    append(topics, lambda _: [registered("a")], companions=lambda: [task])
    from broker.log import read_to_end

    assert [m.value() for m in read_to_end(topics, topics.names.replay_tasks)] == [b"task"]
