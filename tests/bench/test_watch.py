"""Which process is which, and what each kind took between two looks."""

import pytest

from bench.watch import Usage, role_of, usage_between


@pytest.mark.parametrize(
    ("arguments", "role"),
    [
        (["/jre/bin/java", "-Xmx768m", "kafka.Kafka", "server.properties"], "broker"),
        (["python", "-I", "watched.py", "3", "/jre/bin/java", "kafka.Kafka"], "other"),
        (["python", "-c", "main()", "worker", "--processes", "2"], "worker pool"),
        (["python", "-m", "creneau.cli.worker"], "worker"),
        (["python", "-m", "creneau.executor_process", "--started", "log"], "executor"),
        (["python", "-c", "main()", "model", "revoke", "corrupted", "--replay"], "replay command"),
    ],
)
def test_a_process_is_known_by_its_command(arguments: list[str], role: str) -> None:
    assert role_of(arguments) == role


def test_usage_is_what_came_between_the_looks_of_all_of_a_kind() -> None:
    before = {1: ("broker", 300.0, 10.0), 2: ("worker", 100.0, 5.0), 3: ("worker", 900.0, 7.0)}
    after = before | {1: ("broker", 310.0, 12.0), 2: ("worker", 120.0, 9.0), 4: ("worker", 90.0, 2)}
    assert usage_between(before, after, 4.0) == {
        "broker": Usage(processes=1, mib=310.0, cores=0.5),
        # The third took nothing: it had ended. The fourth is new.
        "worker": Usage(processes=2, mib=120.0, cores=1.5),
    }
