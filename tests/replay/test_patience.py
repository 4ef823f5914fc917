"""How long a chunk waits for live scoring: once for the chunk, not for each of its batches."""

from types import SimpleNamespace
from typing import Any

import pytest

from replay import executor
from replay.executor import PATIENCE_SECONDS, WAIT_SECONDS, Executor


def test_what_one_batch_has_waited_is_not_waited_again_by_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept: list[float] = []
    behind = {"looks": 0}

    class Governor:
        @property
        def verdict(self) -> Any:
            behind["looks"] -= 1
            return SimpleNamespace(gives_way=behind["looks"] >= 0)

    monkeypatch.setattr(executor.time, "sleep", slept.append)
    monkeypatch.setattr(executor, "may_run", lambda *_: True)
    one: Any = object.__new__(Executor)
    one._governor = Governor()
    one._stop = lambda: False
    one._ledger = SimpleNamespace(poll=lambda: SimpleNamespace(active_replay=object()))
    one._patience = PATIENCE_SECONDS
    most = round(PATIENCE_SECONDS / WAIT_SECONDS)
    behind["looks"] = most * 2 // 3
    assert one._go_on()
    behind["looks"] = most * 2 // 3
    assert not one._go_on()
    assert sum(slept) == pytest.approx(PATIENCE_SECONDS, abs=2 * WAIT_SECONDS)
