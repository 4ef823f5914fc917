"""A measurement that fails is said and the others go on; small measurements touch no page."""

import json
import re
from pathlib import Path

import pytest

from bench import suite
from bench.suite import Measurement, main, measure, results_of, write_page

BROKEN = "raise SystemExit(3)"
SILENT = ""
SOUND = """
import sys, pathlib
pathlib.Path(sys.argv[sys.argv.index("--json") + 1]).write_text('{"median": {"ratio": 0.7}}')
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with measurements of its own, and a page."""
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / "__init__.py").touch()
    for name, code in {"broken": BROKEN, "silent": SILENT, "worker_rate": SOUND}.items():
        (tmp_path / "bench" / f"{name}.py").write_text(code, "utf-8")
    page = tmp_path / "page.md"
    page.write_text("<!-- begin targets -->\n<!-- end targets -->\n", "utf-8")
    names, quick = ("broken", "silent", "worker_rate"), ("--rounds", "1")
    monkeypatch.setattr(suite, "MEASUREMENTS", [Measurement(name, quick) for name in names])
    monkeypatch.setattr(suite, "ROOT", tmp_path)
    monkeypatch.setattr(suite, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(suite, "QUICK_RESULTS", tmp_path / "quick")
    monkeypatch.setattr(suite, "PAGE", page)
    return tmp_path


def test_what_fails_is_said_and_the_rest_goes_on(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["suite"])
    assert main() == 1
    said = capfd.readouterr().out
    assert re.search(r"broken: FAILED after \d+ s, it ended with 3\n", said)
    assert re.search(r"silent: FAILED after \d+ s, it wrote no result\n", said)
    assert "failed: broken, silent" in said
    assert list(results_of(checkout / "results")) == ["worker_rate"]
    assert "| one worker / bare loop | 0.70 × |" in (checkout / "page.md").read_text("utf-8")


def test_quick_leaves_results_and_page_alone(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    before = (checkout / "page.md").read_bytes()
    older = checkout / "results" / "worker_rate.json"
    older.parent.mkdir()
    older.write_text('{"median": {"ratio": 0.6}}', "utf-8")
    monkeypatch.setattr("sys.argv", ["suite", "--quick", "--only", "worker_rate"])
    assert main() == 0
    said = capfd.readouterr().out
    assert "one worker / bare loop" in said
    assert "of a single round, not of a median: worker_rate\n" in said
    assert re.search(r"\nall of it took \d+ s\n$", said)
    assert (checkout / "page.md").read_bytes() == before
    assert results_of(checkout / "results") == {"worker_rate": {"median": {"ratio": 0.6}}}


def test_a_measurement_that_fails_leaves_its_older_result(checkout: Path) -> None:
    (checkout / "broken.json").write_text('{"old": 1}', "utf-8")
    assert not measure("broken", (), checkout)
    assert results_of(checkout, ["broken"]) == {"broken": {"old": 1}}


def test_a_result_says_what_machine_it_is_from(checkout: Path) -> None:
    assert measure("worker_rate", (), checkout)
    found = json.loads((checkout / "worker_rate.json").read_text("utf-8"))
    assert found["machine"]["cores"] > 0
    assert found["machine"]["kafka"]


def test_a_result_of_another_form_is_named_and_the_page_is_written(
    checkout: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (checkout / "results").mkdir()
    (checkout / "results" / "peers.json").write_text('{"median": {"ratio": 2}}', "utf-8")
    assert measure("worker_rate", (), checkout / "results")
    write_page()
    said = capfd.readouterr().out
    assert "peers: not shown, its result has another form (KeyError: 'worker_per_second')" in said
    assert "| one worker / bare loop | 0.70 × |" in (checkout / "page.md").read_text("utf-8")
