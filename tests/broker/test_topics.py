"""Creating the topics, growing them, and saying how a cluster differs."""

from dataclasses import replace
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from broker.clients import new_admin
from broker.cluster import Cluster, look
from broker.log import partitions_of
from broker.settings import KafkaSettings
from broker.topics import (
    CannotShrinkError,
    TopicsUnusableError,
    alter,
    apply,
    check,
    refuse_unusable,
)
from tests.consumer.world import eventually

pytestmark = pytest.mark.kafka


def create(admin: AdminClient, name: str, partitions: int, **config: str) -> None:
    dotted = {key.replace("_", "."): value for key, value in config.items()}
    admin.create_topics([NewTopic(name, partitions, 1, config=dotted)])[name].result()


@pytest.fixture
def admin(kafka_settings: KafkaSettings) -> AdminClient:
    return new_admin(kafka_settings)


def test_after_apply_nothing_differs(admin: AdminClient, kafka_settings: KafkaSettings) -> None:
    done = apply(admin, kafka_settings.names)

    assert len(done) == 6
    assert check(admin, kafka_settings.names) == []
    refuse_unusable(admin, kafka_settings.names)


def test_a_second_apply_has_nothing_to_do(topics: KafkaSettings, admin: AdminClient) -> None:
    assert apply(admin, topics.names) == []
    assert partitions_of(admin, topics.names.slot_created) == [0, 1]


def test_a_missing_topic_is_named_and_nothing_may_start(
    topics: KafkaSettings, admin: AdminClient
) -> None:
    admin.delete_topics([topics.names.scoring_runs])[topics.names.scoring_runs].result()

    (difference,) = check(admin, topics.names)

    assert (difference.where, difference.found) == (topics.names.scoring_runs, "missing")
    with pytest.raises(TopicsUnusableError, match="scoring-runs: topic is missing"):
        refuse_unusable(admin, topics.names)


def test_growing_takes_outputs_and_dead_letters_before_the_source(
    topics: KafkaSettings, admin: AdminClient
) -> None:
    names = topics.names

    done = apply(admin, names, partitions=5)

    assert [line.split()[1] for line in done] == [
        names.slot_probability,
        names.dead_letters,
        names.slot_created,
    ]
    assert check(admin, names) == []


def test_outputs_grow_to_a_source_that_somebody_else_made(
    admin: AdminClient, kafka_settings: KafkaSettings
) -> None:
    create(admin, kafka_settings.names.slot_created, 11, retention_ms="-1")

    apply(admin, kafka_settings.names)

    assert len(partitions_of(admin, kafka_settings.names.slot_probability)) == 11
    assert len(partitions_of(admin, kafka_settings.names.dead_letters)) == 11


def test_partitions_are_never_taken_away(topics: KafkaSettings, admin: AdminClient) -> None:
    with pytest.raises(CannotShrinkError, match="has 2 partitions"):
        apply(admin, topics.names, partitions=1)


def test_every_wrong_setting_is_named_and_alter_mends_it(
    admin: AdminClient, kafka_settings: KafkaSettings
) -> None:
    names = kafka_settings.names
    create(admin, names.slot_created, 2, retention_ms="-1", max_message_bytes="2000000")
    create(admin, names.slot_probability, 2, cleanup_policy="compact")
    create(admin, names.model_ledger, 1, retention_ms="1000000")
    create(admin, names.dead_letters, 2)
    apply(admin, names)

    found = check(admin, names)

    assert {(each.where, each.what) for each in found} == {
        (names.slot_probability, "cleanup.policy"),
        (names.slot_probability, "retention.ms"),
        (names.model_ledger, "retention.ms"),
        (names.model_ledger, "max.message.bytes"),
        (names.dead_letters, "retention.ms"),
        (names.dead_letters, "max.message.bytes"),
    }
    alter(admin, found)
    assert check(admin, names) == []


def test_outputs_narrower_than_the_source_block_wider_ones_do_not(
    admin: AdminClient, kafka_settings: KafkaSettings
) -> None:
    names = kafka_settings.names
    create(admin, names.slot_probability, 5)
    create(admin, names.dead_letters, 1, max_message_bytes="2000000", retention_ms="-1")
    create(admin, names.slot_created, 2, retention_ms="1000000")
    made = {names.slot_probability, names.dead_letters, names.slot_created}
    # The controller has answered; the broker that is asked may hear of it a moment later.
    eventually("the topics", lambda: made <= admin.list_topics(timeout=5).topics.keys())

    wrong = {each.where: each for each in check(admin, names) if each.what == "partitions"}

    assert wrong[names.dead_letters].blocking
    assert not wrong[names.slot_probability].blocking


def test_a_source_that_is_not_shown_yet_is_waited_for(
    admin: AdminClient, kafka_settings: KafkaSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = kafka_settings.names
    create(admin, names.slot_created, 3)
    looked = 0

    def late(*asked: Any) -> Cluster:
        nonlocal looked
        looked += 1
        found = look(*asked)
        topics = {name: topic for name, topic in found.topics.items() if looked > 2}
        return replace(found, topics=topics)

    monkeypatch.setattr("broker.topics.look", late)
    apply(admin, names)

    assert len(partitions_of(admin, names.slot_probability)) == 3


def test_what_somebody_created_a_moment_ago_is_grown_all_the_same(
    admin: AdminClient, kafka_settings: KafkaSettings
) -> None:
    names = kafka_settings.names
    create(admin, names.dead_letters, 1)
    create(admin, names.slot_created, 3)

    apply(admin, names)

    assert len(partitions_of(admin, names.dead_letters)) == 3
