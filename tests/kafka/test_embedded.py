"""The embedded Kafka: starts fast, stops cleanly, leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from producer_contract.testing import embedded
from producer_contract.testing.embedded import EmbeddedKafka
from producer_contract.testing.errors import (
    KafkaDidNotStartError,
    PortInUseError,
    WrongBrokerCountError,
)
from producer_contract.testing.ports import free_ports, is_listening
from producer_contract.testing.ready import brokers_known
from tests.conftest import RunningKafka

pytestmark = pytest.mark.kafka


def wait_until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "not within the time given"
        time.sleep(0.05)


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "zombie" not in Path(f"/proc/{pid}/status").read_text("utf-8")


def publish(bootstrap_servers: str, topic: str, value: bytes) -> None:
    producer = Producer({"bootstrap.servers": bootstrap_servers, "acks": "all"})
    producer.produce(topic, value, partition=0)
    assert producer.flush(30) == 0


def first_value(bootstrap_servers: str, topic: str) -> bytes | str | None:
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": "any"})
    consumer.assign([TopicPartition(topic, 0, 0)])
    message = consumer.poll(30)
    consumer.close()
    assert message is not None
    return message.value()


def create(bootstrap_servers: str, topic: str, replication: int = 1) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    admin.create_topics([NewTopic(topic, 1, replication)])[topic].result()


def test_it_stops_cleanly_and_goes_on_with_its_data(tmp_path: Path) -> None:
    cluster = EmbeddedKafka(tmp_path).start()
    broker = cluster.brokers[0]
    create(cluster.bootstrap_servers, "kept")
    publish(cluster.bootstrap_servers, "kept", b"value")
    pid = broker.pid
    cluster.stop()

    assert not exists(pid)
    assert not is_listening(broker.port)
    assert (tmp_path / "broker-1" / ".kafka_cleanshutdown").exists()
    with EmbeddedKafka(tmp_path) as again:
        assert first_value(again.bootstrap_servers, "kept") == b"value"


def test_three_brokers_survive_the_death_of_one(tmp_path: Path) -> None:
    with EmbeddedKafka(tmp_path, brokers=3) as cluster:
        create(cluster.bootstrap_servers, "safe", replication=3)
        cluster.brokers[0].kill()
        assert not cluster.brokers[0].running

        publish(cluster.bootstrap_servers, "safe", b"value")

        assert first_value(cluster.bootstrap_servers, "safe") == b"value"


def test_a_killed_broker_starts_again_on_its_port(tmp_path: Path) -> None:
    with EmbeddedKafka(tmp_path) as cluster:
        broker = cluster.brokers[0]
        broker.kill()
        broker.start()
        broker.wait_until_listening(time.monotonic() + 30)

        assert is_listening(broker.port)


def test_a_paused_broker_answers_nothing_until_it_is_resumed(tmp_path: Path) -> None:
    with EmbeddedKafka(tmp_path) as cluster:
        cluster.brokers[0].pause()
        assert brokers_known(cluster.bootstrap_servers, timeout=1) == 0
        cluster.brokers[0].resume()

        wait_until(lambda: brokers_known(cluster.bootstrap_servers) == 1)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_jvm_outlives_its_parent(tmp_path: Path, number: signal.Signals) -> None:
    script = Path(__file__).with_name("fleeting_parent.py")
    with subprocess.Popen(
        [sys.executable, str(script), str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert exists(pid)
        parent.send_signal(number)

    wait_until(lambda: not exists(pid), seconds=10)


def test_a_port_that_another_program_took_first_is_chosen_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kafka: RunningKafka
) -> None:
    taken = int(kafka.bootstrap_servers.rpartition(":")[2])
    offered: list[list[int]] = []

    def first_a_taken_one(count: int) -> list[int]:
        offered.append([taken] if count == 1 and not offered else free_ports(count))
        return offered[-1]

    monkeypatch.setattr(embedded, "free_ports", first_a_taken_one)
    with EmbeddedKafka(tmp_path) as cluster:
        assert offered[0] == [taken]
        assert cluster.brokers[0].port != taken


def test_a_port_given_by_number_that_is_taken_is_refused(
    tmp_path: Path, kafka: RunningKafka
) -> None:
    taken = int(kafka.bootstrap_servers.rpartition(":")[2])

    with pytest.raises(PortInUseError, match=f"port {taken} .* is in use"):
        EmbeddedKafka(tmp_path, ports=[taken]).start()


def test_a_broker_that_dies_at_start_names_its_log_and_the_reason(tmp_path: Path) -> None:
    cluster = EmbeddedKafka(tmp_path, server_properties={"num.io.threads": "none"})

    with pytest.raises(KafkaDidNotStartError, match=r"log .*\.log says: .*num\.io\.threads"):
        cluster.start()


def test_a_folder_of_one_broker_does_not_start_as_three(tmp_path: Path) -> None:
    with EmbeddedKafka(tmp_path):
        pass

    with pytest.raises(WrongBrokerCountError, match="cluster of 1, not of 3"):
        EmbeddedKafka(tmp_path, brokers=3).start()
