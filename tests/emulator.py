"""The BigQuery that tests run on: one emulator a session, a dataset of its own for each test."""

import os
import uuid
from collections.abc import Callable, Iterator

import pytest

from creneau.sandbox.emulator import Emulator
from creneau.sandbox.emulator_environment import NoInterpreterError
from warehouse.settings import WarehouseSettings


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """A running emulator. Without a Python for it: skipped, or failed with CI=true."""
    running = Emulator(tmp_path_factory.mktemp("emulator"))
    try:
        running.start()
    except NoInterpreterError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def new_warehouse(emulator: Emulator) -> Callable[[], WarehouseSettings]:
    """Makes datasets with every table, function and view; about 3 s each, so share one."""
    from warehouse.schema import apply

    def make() -> WarehouseSettings:
        name = f"t{uuid.uuid4().hex[:12]}"
        settings = WarehouseSettings(endpoint=emulator.endpoint, dataset=name)
        apply(settings)
        return settings

    return make


@pytest.fixture
def warehouse(new_warehouse: Callable[[], WarehouseSettings]) -> WarehouseSettings:
    """A dataset of this test's own."""
    return new_warehouse()
