"""A model store that never answers: a command gives up, in one line. No Kafka is asked."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from creneau import registry, replays
from creneau.registry import load_version
from creneau.replays import Replays
from creneau.settings import Settings
from ledger.fold import LedgerState
from model.loading import LoadTooSlowError
from model.store import ModelStore
from tests.ledger.build import ledger, promoted, registered

STATE = ledger(registered("v"), promoted("v"))
HUNG: Any = threading.Event()


@pytest.fixture(autouse=True)
def hung(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    HUNG.clear()
    for user in (registry, replays):
        monkeypatch.setattr(user, "load", lambda *_: HUNG.wait())
        monkeypatch.setattr(user, "LOAD_SECONDS", 0.0)
    yield
    HUNG.set()


def of_a_version(state: LedgerState, folder: Path) -> object:
    """For promote, revoke and compare."""
    return load_version(state, ModelStore(str(folder)), "v")


def of_a_replay(state: LedgerState, folder: Path) -> object:
    """For preview and start."""
    return Replays(Settings(var=folder)).load(state.models["v"])


@pytest.mark.timeout(30)
@pytest.mark.parametrize("load", [of_a_version, of_a_replay])
def test_a_command_gives_up_a_load_that_hangs(
    load: Callable[[LedgerState, Path], object], tmp_path: Path
) -> None:
    with pytest.raises(LoadTooSlowError, match="model 'v' has not loaded within 0 s"):
        load(STATE, tmp_path)
