import pytest

from broker.clients import RESERVED, config, new_producer
from broker.errors import BadClientSettingError
from broker.settings import KafkaSettings


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_what_exactly_once_rests_on_cannot_be_set(name: str) -> None:
    kafka = KafkaSettings("localhost:1", properties={name: "anything"})
    with pytest.raises(BadClientSettingError, match=name):
        config(kafka, {}, {})


def test_a_users_property_wins_over_our_default() -> None:
    kafka = KafkaSettings("localhost:1", properties={"client.id": "mine"})
    assert config(kafka, {"linger.ms": 5}, {})["client.id"] == "mine"


def test_a_property_that_does_not_exist_is_named() -> None:
    kafka = KafkaSettings("localhost:1", properties={"no.such.property": 1})
    with pytest.raises(BadClientSettingError, match=r"no\.such\.property"):
        new_producer(kafka)
