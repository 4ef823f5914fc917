"""A world with an archive."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.settings import KafkaSettings
from creneau.sandbox.emulator import Emulator
from tests.archive.world import ArchiveWorld, make_tables
from warehouse.settings import WarehouseSettings


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """BigQuery's emulator, shared by the session."""
    with Emulator(tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture
def warehouse(emulator: Emulator) -> WarehouseSettings:
    """A dataset of its own with the archive's tables."""
    settings = WarehouseSettings(endpoint=emulator.endpoint, dataset=f"t{uuid.uuid4().hex[:8]}")
    make_tables(settings)
    return settings


@pytest.fixture
def world(topics: KafkaSettings, warehouse: WarehouseSettings, tmp_path: Path) -> ArchiveWorld:
    """Topics of two partitions under a prefix of their own, and empty tables."""
    return ArchiveWorld(topics, warehouse, tmp_path)
