"""The worker's whole way on a real Kafka: it is started as a process, as the pool does."""

import pytest

from tests.consumer.world import WorkerProcess, World

pytestmark = pytest.mark.kafka


def test_every_event_gets_exactly_one_outcome(world: World) -> None:
    published = world.publish(2_000)
    with WorkerProcess(world) as worker:
        found = world.until_done(published)
        assert worker.stop() == 0
    assert len(found.scored) == 2_000
    assert set(world.acknowledged().values()) == {1}
