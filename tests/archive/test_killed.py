"""Archive processes that die at every step: every record is loaded once, and none twice."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess

import pytest

from tests.archive.dying import GIVING_UP, RARE_STEPS, STEPS, archive
from tests.archive.world import BEFORE_THE_CALENDAR, SETTINGS, ArchiveWorld
from warehouse.archive.settings import ArchiveSettings

pytestmark = pytest.mark.kafka

FORKS = multiprocessing.get_context("forkserver")
# What takes a second to import is imported once, not by every process that shall die.
FORKS.set_forkserver_preload(["tests.archive.dying"])


@contextmanager
def process(
    world: ArchiveWorld,
    step: str | None = None,
    time: int = 1,
    settings: ArchiveSettings = SETTINGS,
) -> Iterator[BaseProcess]:
    """An archive process; it is drained at the end of the block, if it lives."""
    log = str(world.folder / "archive.log")
    arguments = (step, time, world.kafka, settings, world.warehouse, log)
    started = FORKS.Process(target=archive, args=arguments)
    started.start()
    try:
        yield started
    finally:
        started.terminate()
        started.join(30)
        started.kill()


def kill_at_every_step(world: ArchiveWorld, each: int, settings: ArchiveSettings) -> int:
    """Publish ``each`` more events before each death, and one that makes no row; how many (of the
    others) there are then."""
    published = 0
    for number, step in enumerate(STEPS | RARE_STEPS):
        published = world.publish(each)
        world.publish_at(number, BEFORE_THE_CALENDAR)
        world.announce(each // 10)
        time = 1 + number % 2 if step in STEPS else 1
        with process(world, step, time, settings) as dying:
            dying.join(60)
            assert dying.exitcode == -9, f"{step}: it lives; {log_of(world)}"
    return published


def log_of(world: ArchiveWorld) -> str:
    return (world.folder / "archive.log").read_text("utf-8", "replace")[-2_000:]


def check(world: ArchiveWorld, published: int, settings: ArchiveSettings) -> None:
    with process(world, settings=settings) as living:
        world.until_archived()
        living.terminate()
        living.join(30)
        assert living.exitcode == 0, log_of(world)
    assert len(world.places("slot_events")) == published
    assert len(world.refused()) >= len(STEPS | RARE_STEPS)
    world.assert_archived_exactly_once()


def test_killed_at_every_step_it_loads_every_record_once(world: ArchiveWorld) -> None:
    world.bury(300)
    published = kill_at_every_step(world, 5_050, SETTINGS)
    assert published > 50_000
    check(world, published, SETTINGS)


@pytest.mark.soak
def test_a_million_events_through_many_deaths(world: ArchiveWorld) -> None:
    world.bury(2_000)
    published = 0
    for _ in range(4):
        published = kill_at_every_step(world, 25_050, SETTINGS)
    assert published > 1_000_000
    check(world, published, SETTINGS)


@pytest.mark.parametrize("step", [*GIVING_UP, "job about to be sent", "job sent"])
def test_killed_while_it_gives_up_a_plan_it_loads_what_is_left_once(
    world: ArchiveWorld, step: str
) -> None:
    accepting = SETTINGS.model_copy(update={"accept_lost": True})
    world.publish(400)
    with process(world, "plan committed") as dying:
        dying.join(60)
        assert dying.exitcode == -9, log_of(world)
    for partition in (0, 1):
        world.let_go(partition, 10)
    # The first job that it sends is the one that makes the plan void.
    with process(world, step, settings=accepting) as dying:
        dying.join(60)
        assert dying.exitcode == -9, f"{step}: it lives; {log_of(world)}"
    with process(world, settings=accepting):
        world.until_archived()
    found = world.places("slot_events")
    assert found.keys() == world.on_the_log("slot_events").keys()
    assert set(found.values()) == {1}
