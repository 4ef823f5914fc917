"""When draining is over."""

import pytest

from replay import draining
from replay.draining import Drained


@pytest.fixture(autouse=True)
def look_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draining, "LOOK_SECONDS", 0.0)


def test_it_goes_on_while_tasks_are_left_and_ends_with_the_last() -> None:
    left = [True, True, False]
    over = Drained(active=lambda: False, left=lambda: left.pop(0))
    assert [over(), over(), over()] == [False, False, True]


def test_it_ends_when_another_operators_replay_appears_and_stays_ended() -> None:
    active = [False, True]
    over = Drained(active=lambda: active.pop(0), left=lambda: True)
    assert [over(), over(), over()] == [False, True, True]
