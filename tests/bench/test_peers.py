"""Who goes first, what a ratio is, and which JDK will do."""

from pathlib import Path

import pytest

from bench.executor_rate import results
from bench.peers.__main__ import in_turn, medians
from bench.peers.java import NoJdkError, jdk, major


def test_everyone_goes_first_once_and_nobody_is_left_out() -> None:
    orders = [in_turn(["worker", "a", "b"], number) for number in range(4)]
    assert [order[0] for order in orders] == ["worker", "a", "b", "worker"]
    assert all(sorted(order) == ["a", "b", "worker"] for order in orders)


def test_a_ratio_is_the_median_of_the_rounds_ratios_not_of_the_medians() -> None:
    found = medians({"worker": [60.0, 40.0, 50.0], "quix": [30.0, 10.0, 50.0]})
    assert found == {"worker_per_second": 50, "quix_per_second": 30, "worker_to_quix": 2.0}


def test_executor_and_worker_alike() -> None:
    assert results([(30.0, 60.0), (40.0, 40.0), (50.0, 40.0)])["median"] == {
        "executor_per_second": 40,
        "worker_per_second": 40,
        "ratio": 1.0,
    }


@pytest.mark.parametrize(
    ("said", "version"),
    [("javac 17.0.15\n", 17), ("javac 1.8.0_402", 1), ("javac 21", 21), ("", 0)],
)
def test_the_version_of_a_compiler(said: str, version: int) -> None:
    assert major(said) == version


def test_an_old_jdk_is_refused_in_a_line_that_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    javac = tmp_path / "bin" / "javac"
    javac.parent.mkdir()
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(NoJdkError, match="no javac was found: set JAVA_HOME"):
        jdk()
    javac.write_text("#!/bin/sh\necho javac 11.0.2\n", "utf-8")
    javac.chmod(0o755)
    with pytest.raises(NoJdkError, match="is of Java 11: 17 or newer"):
        jdk()
    javac.write_text("#!/bin/sh\necho javac 21\n", "utf-8")
    assert jdk() == javac.parent.resolve()
