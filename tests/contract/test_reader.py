"""The reader on a real Kafka: changes only, at least once, nothing skipped in silence."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer, TopicPartition

from broker.clients import new_admin
from broker.settings import KafkaSettings
from producer_contract.changes import Change
from producer_contract.codec import encode_slot_probability
from producer_contract.held import HeldInMemory, HeldInSQLite, HeldProbabilities
from producer_contract.kafka_errors import BadKafkaSettingError, KafkaAwayError, TopicMissingError
from producer_contract.reader import OutputsGoneError, ProbabilityReader, UnreadableOutputError

pytestmark = pytest.mark.kafka

NOON = datetime(2026, 12, 5, 12, tzinfo=UTC)
Seen = tuple[str, float | None, str]


class CrashError(Exception):
    """The slot app dies while it takes a batch."""


def write(settings: KafkaSettings, *outputs: dict[str, Any], commit: bool = True) -> Producer:
    """Write outputs in one transaction, as a worker does; left open without ``commit``."""
    producer = Producer(
        {
            "bootstrap.servers": settings.bootstrap_servers,
            "transactional.id": f"{settings.prefix}test-{time.monotonic_ns()}",
        }
    )
    producer.init_transactions(30)
    producer.begin_transaction()
    for output in outputs:
        producer.produce(
            settings.names.slot_probability,
            an_output(**output),
            key=output.get("slot_id", "a"),
            partition=output.get("source_partition", 0),
        )
    producer.flush(30)
    if commit:
        producer.commit_transaction(30)
    return producer


def an_output(**fields: Any) -> bytes:
    defaults: dict[str, Any] = {
        "slot_id": "a",
        "probability": 0.4,
        "model_version": "m1",
        "epoch": 1,
        "source_partition": 0,
        "source_offset": 5,
        "lesson_start_at": NOON,
        "scored_at": NOON,
        "replay_id": None,
    }
    return encode_slot_probability(**defaults | fields)


def a_reader(settings: KafkaSettings, held: HeldProbabilities) -> ProbabilityReader:
    return ProbabilityReader(
        {"bootstrap.servers": settings.bootstrap_servers, "session.timeout.ms": 6000},
        group_id=settings.prefix + "slot-app",
        held=held,
        topic=settings.names.slot_probability,
    )


def deliver_until(
    reader: ProbabilityReader, done: Callable[[list[Seen]], bool], seconds: float = 40
) -> list[Seen]:
    seen: list[Seen] = []
    deadline = time.monotonic() + seconds
    while not done(seen):
        assert time.monotonic() < deadline, f"only {seen}"
        reader.deliver(_into(seen), timeout=0.2)
    return seen


def _into(seen: list[Seen]) -> Callable[[Sequence[Change]], None]:
    return lambda changes: seen.extend(map(_seen, changes))


def _seen(change: Change) -> Seen:
    return (change.slot_id, change.now.probability, change.now.model_version)


def has(count: int) -> Callable[[list[Seen]], bool]:
    return lambda seen: len(seen) >= count


def test_only_changes_are_handed_over_withdrawals_included(topics: KafkaSettings) -> None:
    write(
        topics,
        {},
        {},  # the same again
        {"epoch": 3, "probability": None, "model_version": "m2"},
        {"epoch": 2, "probability": 0.9},  # below what is held
        {"slot_id": "b", "source_partition": 1},
    )
    with a_reader(topics, HeldInMemory()) as reader:
        seen = deliver_until(reader, has(3))
        assert reader.deliver(lambda changes: None, timeout=0.5) == 0
    assert sorted(seen, key=lambda s: s[0]) == [
        ("a", 0.4, "m1"),
        ("a", None, "m2"),
        ("b", 0.4, "m1"),
    ]


def test_what_a_transaction_has_not_committed_is_never_handed_over(topics: KafkaSettings) -> None:
    still_open = write(topics, {"probability": 0.1}, commit=False)
    write(topics, {"slot_id": "b", "source_partition": 1})
    with a_reader(topics, HeldInMemory()) as reader:
        assert deliver_until(reader, has(1)) == [("b", 0.4, "m1")]
        still_open.abort_transaction(30)
        write(topics, {"probability": 0.2})
        assert deliver_until(reader, has(1)) == [("a", 0.2, "m1")]


def test_a_batch_that_was_not_taken_comes_again(topics: KafkaSettings, tmp_path: Path) -> None:
    write(topics, {}, {"slot_id": "b"})

    def crash(changes: Sequence[Change]) -> None:
        raise CrashError

    held = HeldInSQLite(tmp_path / "held.db")
    with a_reader(topics, held) as reader:
        with pytest.raises(CrashError):
            reader.deliver(crash, timeout=30)
        assert held.get(["a", "b"]) == {}
        assert deliver_until(reader, has(2)) == [("a", 0.4, "m1"), ("b", 0.4, "m1")]


def test_a_new_reader_goes_on_where_the_last_one_stopped(
    topics: KafkaSettings, tmp_path: Path
) -> None:
    write(topics, {}, {"slot_id": "b", "source_partition": 1})
    with a_reader(topics, HeldInSQLite(tmp_path / "held.db")) as reader:
        deliver_until(reader, has(2))
    write(topics, {"slot_id": "c"})
    with a_reader(topics, HeldInSQLite(tmp_path / "held.db")) as reader:
        assert deliver_until(reader, has(1)) == [("c", 0.4, "m1")]


def test_what_is_only_in_memory_is_read_again_from_the_oldest(topics: KafkaSettings) -> None:
    write(topics, {}, {"epoch": 3, "model_version": "m2"})
    for _ in range(2):
        with a_reader(topics, HeldInMemory()) as reader:
            assert deliver_until(reader, has(2)) == [("a", 0.4, "m1"), ("a", 0.4, "m2")]


def test_two_readers_share_the_partitions_and_lose_nothing_when_one_leaves(
    topics: KafkaSettings, tmp_path: Path
) -> None:
    path = tmp_path / "held.db"
    with a_reader(topics, HeldInSQLite(path)) as stays:
        seen: list[Seen] = []
        with a_reader(topics, HeldInSQLite(path)) as leaves:
            by_each: tuple[list[Seen], list[Seen]] = ([], [])
            deadline = time.monotonic() + 60
            round_ = 0
            while not all(by_each):
                assert time.monotonic() < deadline, f"never shared: {by_each}"
                round_ += 1
                for partition in (0, 1):
                    slot_id = f"{partition}-{round_}"
                    write(topics, {"slot_id": slot_id, "source_partition": partition})
                for reader, its in zip((stays, leaves), by_each, strict=True):
                    reader.deliver(_into(its), timeout=0.2)
            seen += by_each[0] + by_each[1]
        expected = {f"{p}-{r}" for p in (0, 1) for r in range(1, round_ + 1)}
        missing = expected - {slot_id for slot_id, _, _ in seen}
        late = deliver_until(stays, lambda s: missing <= {slot_id for slot_id, _, _ in s})
    assert {slot_id for slot_id, _, _ in seen + late} == expected


def test_what_is_not_an_output_stops_the_reader_and_is_named(topics: KafkaSettings) -> None:
    producer = write(topics, {})
    producer.begin_transaction()
    producer.produce(topics.names.slot_probability, b'{"schema_version":2}', key="b", partition=0)
    producer.commit_transaction(30)
    with a_reader(topics, HeldInMemory()) as reader:
        for _ in range(2):  # it is not passed over the second time either
            with pytest.raises(UnreadableOutputError, match=r"partition 0 offset 2.*unsupported"):
                deliver_until(reader, lambda _: False)


def test_outputs_that_retention_deleted_unread_are_never_skipped_in_silence(
    topics: KafkaSettings, tmp_path: Path
) -> None:
    write(topics, {})
    with a_reader(topics, HeldInSQLite(tmp_path / "held.db")) as reader:
        deliver_until(reader, has(1))
    write(topics, {"slot_id": "b"}, {"slot_id": "c"})
    gone = TopicPartition(topics.names.slot_probability, 0, 4)
    admin = new_admin(topics)  # kept: without its client the future never comes
    for deleted in admin.delete_records([gone]).values():
        deleted.result(30)
    with (
        a_reader(topics, HeldInSQLite(tmp_path / "held.db")) as reader,
        pytest.raises(OutputsGoneError, match="partition 0"),
    ):
        deliver_until(reader, has(1))


def test_a_missing_topic_is_said_at_once(kafka_settings: KafkaSettings) -> None:
    with pytest.raises(TopicMissingError, match=kafka_settings.names.slot_probability):
        a_reader(kafka_settings, HeldInMemory())


def test_a_broker_that_is_away_is_said() -> None:
    with pytest.raises(KafkaAwayError):
        ProbabilityReader(
            {"bootstrap.servers": "127.0.0.1:1"}, group_id="g", held=HeldInMemory(), timeout=0.5
        )


def test_settings_that_would_lose_or_show_too_much_are_refused() -> None:
    for wrong in ({"enable.auto.commit": True}, {"isolation.level": "read_uncommitted"}):
        with pytest.raises(BadKafkaSettingError):
            ProbabilityReader(
                {"bootstrap.servers": "k", **wrong}, group_id="g", held=HeldInMemory()
            )
