"""Checks the librdkafka properties that a slot app passes in against what the contract needs."""

from collections.abc import Mapping
from typing import Any

from producer_contract.kafka_errors import BadKafkaSettingError

_ALIASES = {
    "request.required.acks": "acks",
    "metadata.broker.list": "bootstrap.servers",
    "message.timeout.ms": "delivery.timeout.ms",
}
_SAME = {"true": True, "false": False, "-1": "all", -1: "all"}


def merged(
    given: Mapping[str, Any], *, defaults: Mapping[str, Any], needed: Mapping[str, Any]
) -> dict[str, Any]:
    """``given`` over ``defaults``, with ``needed`` on top.

    Raises:
        BadKafkaSettingError: ``given`` says otherwise than ``needed`` (None: must not be given),
            or names no brokers.
    """
    own = {_ALIASES.get(name, name): value for name, value in given.items()}
    for name, value in needed.items():
        if name in own and _same(own[name]) != value:
            wanted = "must not be set" if value is None else f"must stay {value!r}"
            raise BadKafkaSettingError(
                f"the Kafka property {name} {wanted} here (got {own[name]!r}); remove it"
            )
    if not own.get("bootstrap.servers"):
        raise BadKafkaSettingError("bootstrap.servers is missing; give the brokers' addresses")
    fixed = {name: value for name, value in needed.items() if value is not None}
    return {**defaults, **own, **fixed}


def _same(value: Any) -> Any:
    key = value.lower() if isinstance(value, str) else value
    return value if isinstance(value, bool) else _SAME.get(key, key)
