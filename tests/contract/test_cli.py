"""``creneau contract``, as a slot app's developer meets it."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from creneau.cli import contract
from creneau.cli.main import main
from producer_contract.codec import encode_slot_created
from producer_contract.json_lines import check_lines
from tests.contract.test_codec import a_slot

GOOD = encode_slot_created(a_slot())


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["creneau", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    return int(left.value.code or 0)


def test_valid_events_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(GOOD + b"\n\n" + GOOD + b"\r\n" + GOOD)
    assert run(monkeypatch, "contract", "check", str(file)) == 0
    assert capsys.readouterr().out == "3 events checked, 0 would be refused\n"


def test_invalid_lines_are_named_with_their_reasons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(GOOD + b"\n" + GOOD.replace(b"48.8566", b"98") + b"\n{\n")
    assert run(monkeypatch, "contract", "check", str(file)) == 1
    first, second, summary = capsys.readouterr().out.splitlines()
    assert first.startswith("line 2: outside-globe: latitude:")
    assert second.startswith("line 3: not-json:")
    assert summary == "3 events checked, 2 would be refused"


def test_the_verdict_for_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"[]\n" + GOOD)
    assert run(monkeypatch, "contract", "check", "--json", str(file)) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["checked"], said["refused"], said["by_code"]) == (2, 1, {"not-json": 1})
    assert [(line["line"], line["code"]) for line in said["invalid"]] == [(1, "not-json")]


def test_a_million_bad_lines_are_counted_and_the_first_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(contract, "LISTED", 3)
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"[]\n" * 5 + b'{"schema_version":2}\n')
    assert run(monkeypatch, "contract", "check", "--json", str(file)) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["refused"], said["by_code"]["not-json"]) == (6, 5)
    assert [line["line"] for line in said["invalid"]] == [1, 2, 3]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a full device")
def test_a_full_disk_is_not_the_input_files_fault(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"[]\n")
    command = [sys.executable, "-c", "from creneau.cli.main import main; main()"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*command, "contract", "check", str(file)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 3
    assert done.stderr == "creneau: nothing more can be written: No space left on device\n"


def test_a_file_that_cannot_be_read_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for unreadable in (tmp_path / "none.jsonl", tmp_path):
        assert run(monkeypatch, "contract", "check", str(unreadable)) == 2
        said = capsys.readouterr().err
        assert said.startswith(f"creneau: {unreadable} cannot be read")
        assert said.count("\n") == 1


def test_standard_input_is_read_with_a_dash(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(GOOD + b"\n")))
    assert run(monkeypatch, "contract", "check", "-") == 0


def test_export_writes_the_documents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "contract", "export", "--out", str(tmp_path / "new")) == 0
    assert json.loads((tmp_path / "new" / "asyncapi.json").read_text())["asyncapi"] == "3.0.0"


def test_export_into_a_file_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert run(monkeypatch, "contract", "export", "--out", str(tmp_path / "file")) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("returns", [1, 2, 3, 70_000])
@pytest.mark.parametrize("length", [65_534, 65_535, 65_536, 65_537, 65_538])
def test_carriage_returns_at_the_cut_make_no_line_of_their_own(length: int, returns: int) -> None:
    stream = io.BytesIO(b"x" * length + b"\r" * returns + b"\n" + GOOD)
    assert [line.number for line in check_lines(stream)] == [1, 2]


@pytest.mark.parametrize("length", [65_535, 65_536, 65_537, 65_538, 200_000])
def test_a_line_too_long_is_one_line_and_the_next_is_read_right(length: int) -> None:
    padded = GOOD[:-1] + b',"note":"' + b"x" * (length - len(GOOD) - 10) + b'"}'
    assert len(padded) == length
    stream = io.BytesIO(padded + b"\n" + GOOD)
    first, second = check_lines(stream)
    assert (first.refusal is None) == (length <= 65_536)
    assert (second.number, second.refusal) == (2, None)
