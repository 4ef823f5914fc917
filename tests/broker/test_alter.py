"""What was set is waited for: a broker answers before it shows it. No Kafka is asked."""

from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any, cast

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource

from broker import topics
from broker.cluster import Cluster, Topic
from broker.errors import BrokerUnreachableError
from broker.topic_differences import Difference

DIFFERS = Difference(
    "dead", "retention.ms", found="1", wanted="more", blocking=False, alterable="9"
)


class Admin:
    """Takes every setting."""

    def incremental_alter_configs(
        self, resources: list[ConfigResource], **_: object
    ) -> dict[ConfigResource, "Future[None]"]:
        done: Future[None] = Future()
        done.set_result(None)
        return dict.fromkeys(resources, done)


def showing(monkeypatch: pytest.MonkeyPatch, shown: Iterator[str]) -> None:
    def look(*_: Any) -> Cluster:
        topic = Topic(2, 1, leaderless=0, settings={"retention.ms": next(shown)})
        return Cluster({"dead": topic}, {})

    monkeypatch.setattr(topics, "look", look)


def test_it_comes_back_once_the_cluster_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = iter(["1", "1", "9", "nobody looks again"])
    showing(monkeypatch, shown)
    done = topics.alter(cast("AdminClient", Admin()), [DIFFERS])
    assert done == ["set retention.ms of dead to 9 (was 1)"]
    assert next(shown) == "nobody looks again"


def test_a_cluster_that_never_shows_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "_SETTLE_SECONDS", 0.0)
    showing(monkeypatch, iter(lambda: "1", None))
    with pytest.raises(BrokerUnreachableError, match="creneau topics check"):
        topics.alter(cast("AdminClient", Admin()), [DIFFERS])
