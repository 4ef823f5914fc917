"""A world with an archive."""

import uuid
from pathlib import Path

import pytest

from broker.settings import KafkaSettings
from creneau.sandbox.emulator import Emulator
from tests.archive.world import ArchiveWorld, make_tables
from warehouse.settings import WarehouseSettings


@pytest.fixture
def world(topics: KafkaSettings, emulator: Emulator, tmp_path: Path) -> ArchiveWorld:
    """Topics of two partitions under a prefix of their own; the archive's tables, and no others:
    a whole dataset takes three seconds."""
    dataset = f"t{uuid.uuid4().hex[:12]}"
    warehouse = WarehouseSettings(endpoint=emulator.endpoint, dataset=dataset)
    make_tables(warehouse)
    return ArchiveWorld(topics, warehouse, tmp_path)
