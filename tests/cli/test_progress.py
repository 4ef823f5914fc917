"""What is drawn while somebody follows a replay."""

import io
from typing import Any

import pytest
from rich.console import Console

from creneau.progress import View, line_of
from replay.status import ReplayStatus

LONG = "live scoring is 12.3 s behind in partition 7, and that is a long line"


def status(state: str = "running", **fields: Any) -> ReplayStatus:
    known = {"rate": 1_500.0, "seconds_left": 9.0, "live_lag": 3, "by_partition": {}} | fields
    return ReplayStatus(id="r", state=state, affected=1_000, corrected=250, **known)


def terminal(width: int) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=width, legacy_windows=False)


def drawn(view: View, console: Console) -> list[str]:
    assert view._bar is not None
    lines = console.render_lines(view._bar.get_renderable(), pad=False)
    return ["".join(segment.text for segment in line) for line in lines]


@pytest.mark.parametrize("width", [30, 60, 79, 80, 200])
def test_it_is_one_line_however_narrow_the_terminal(width: int) -> None:
    console = terminal(width)
    view = View(console)
    view.show(status(state="governed", why=LONG))
    [line] = drawn(view, console)
    view.close()
    assert len(line) <= width
    assert line.startswith("governed")


def test_closing_leaves_the_line_alone_and_showing_opens_it_again() -> None:
    console = terminal(100)
    view = View(console)
    view.show(status())
    view.close()
    written = console.file.getvalue()  # type: ignore[attr-defined]
    assert written.endswith("\x1b[?25h"), "the cursor is back"
    assert view._bar is None
    view.show(status())
    assert len(drawn(view, console)) == 1
    view.close()


def test_the_bar_stays_where_it_was_while_kafka_is_away() -> None:
    console = terminal(100)
    view = View(console)
    view.show(status())
    view.trouble("no answer", "for 7 s; going on when Kafka is back")
    assert view._bar is not None
    task = view._bar.tasks[0]
    [line] = drawn(view, console)
    view.close()
    assert (task.completed, task.total) == (250, 1_000)
    assert "no answer" in line
    assert "for 7 s" in line


def test_without_a_terminal_there_are_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    view = View(Console(file=io.StringIO()))
    view.show(status())
    view.show(status())
    view.show(status(state="paused"))
    view.close()
    assert capsys.readouterr().err == (
        "running: 250 of 1,000 · 1,500/s · 9 s left · live lag 3\n"
        "paused: 250 of 1,000 · 9 s left · live lag 3\n"
    )


def test_what_is_paused_has_no_rate() -> None:
    assert "/s" not in line_of(status(state="paused", rate=0.0, seconds_left=None))
    assert "0/s" in line_of(status(state="running", rate=0.0, seconds_left=None))
