"""The heart's world: topics, a model store, replays."""

from pathlib import Path

import pytest

from broker.settings import KafkaSettings
from tests.replay.world import ReplayWorld


@pytest.fixture
def world(topics: KafkaSettings, tmp_path: Path) -> ReplayWorld:
    """A cluster with topics, under a prefix of its own; no model yet."""
    return ReplayWorld(topics, tmp_path)
