"""What a person sees of a refused event, whatever was in it."""

from types import SimpleNamespace
from typing import Any

import pytest
import typer

from broker.dead_letters import DeadLetter
from consumer.dead_letters import Letter
from creneau.cli.main import app
from creneau.printable import printable

EVIL = "\x1b]0;owned\x07\x1b[31mred\r\n    offset  7\u202e\u2028\x9b1m"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Créneau, 日本 «ok»\t{}", "Créneau, 日本 «ok»\t{}"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\r\nb", "a\\r\\nb"),
        ("\u202eabc\u2028", "\\u202eabc\\u2028"),
        ("\x9b1m\x7f", "\\x9b1m\\x7f"),
    ],
)
def test_what_cannot_be_seen_is_written_out(text: str, seen: str) -> None:
    assert printable(text) == seen


@pytest.fixture
def _a_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    why = DeadLetter(
        code="not-json",
        reason=f"it is {EVIL}",
        topic="slot-created",
        partition=0,
        offset=7,
        epoch=3,
        replay_id=None,
        version="0.1.0",
    )
    value = EVIL.encode()
    letter = Letter(why, 0, value, value, (("trace", value), (EVIL, b"\xff\x1b")))
    monkeypatch.setattr("consumer.dead_letters.letters", lambda *_: iter([letter]))
    monkeypatch.setattr("creneau.cluster.ready", lambda kafka: kafka)


@pytest.mark.usefixtures("_a_letter")
@pytest.mark.parametrize("words", [["show", "0", "7"], ["list"], ["show", "0", "7", "--json"]])
def test_a_refused_event_cannot_write_on_the_terminal(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    app(["dead", *words], standalone_mode=False)
    shown = capsys.readouterr().out
    assert "red" in shown
    assert [c for c in shown if c != "\n" and printable(c) != c] == []


@pytest.mark.usefixtures("_a_letter")
def test_show_gives_each_field_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    app(["dead", "show", "0", "7"], standalone_mode=False)
    lines: list[Any] = capsys.readouterr().out.splitlines()
    assert sum(line.split()[:1] == ["offset"] for line in lines) == 1


@pytest.mark.parametrize(("typed", "code"), [("ctrl-c", 130), ("no", 1)])
def test_ctrl_c_at_the_question_is_an_interruption_and_no_is_a_no(
    typed: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def confirm(*_: Any, abort: bool = False, **__: Any) -> bool:
        if typed == "ctrl-c" or abort:
            raise typer.Abort  # as typer does for both
        return False

    ends: list[str] = []
    run = SimpleNamespace(before=[], chosen=[1], close=lambda: ends.append("closed"))
    monkeypatch.setattr("consumer.redrive.Redrive", lambda *_: run)
    monkeypatch.setattr("creneau.cluster.ready", lambda kafka: kafka)
    monkeypatch.setattr("typer.confirm", confirm)
    with pytest.raises(SystemExit) as end:
        app(["dead", "redrive", "--all"])
    assert end.value.code == code
    assert ends == ["closed"]
