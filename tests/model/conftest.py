"""Lessons to train on, made once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from creneau.sandbox.market_csv import write_market
from model.threads import one_thread


@pytest.fixture(autouse=True, scope="session")
def _one_openmp_thread() -> Iterator[None]:
    """Classifiers that the tests fit themselves wait for nobody either."""
    with one_thread():
        yield


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 6,000 lessons of the synthetic market."""
    folder = tmp_path_factory.mktemp("market")
    write_market(folder, lessons=6_000, seed=3)
    return folder
