from pathlib import Path

import pytest

from broker.settings import KafkaSettings
from tests.consumer.world import World


@pytest.fixture
def world(topics: KafkaSettings, tmp_path: Path) -> World:
    """Topics, and a model v1 in force."""
    return World(topics, tmp_path).start_with("v1")
