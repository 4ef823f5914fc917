"""An archive process that is frozen with a job about to be sent, while its records are given up."""

import os
import signal
from pathlib import Path

import pytest

from tests.archive.dying import freezing_archive
from tests.archive.test_killed import FORKS
from tests.archive.world import SETTINGS, ArchiveWorld
from tests.consumer.world import eventually

pytestmark = pytest.mark.kafka

ACCEPTING = SETTINGS.model_copy(update={"accept_lost": True})


def is_stopped(pid: int) -> bool:
    try:
        said = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:  # it has ended
        return False
    return said.rpartition(")")[2].split()[0] == "T"


def test_a_frozen_owner_whose_lost_records_were_accepted_loads_nothing_twice(
    world: ArchiveWorld,
) -> None:
    marks = world.folder / "marks"
    log = str(world.folder / "archive.log")
    world.publish(400)
    frozen = FORKS.Process(
        target=freezing_archive,
        args=(str(marks), world.kafka, SETTINGS, world.warehouse, log),
    )
    frozen.start()
    assert frozen.pid is not None
    pid = frozen.pid
    try:
        eventually("a job about to be sent", lambda: marks.exists() and is_stopped(pid))
        # It has these records in its files.
        for partition in (0, 1):
            world.let_go(partition, 10)
        with world.archiver(ACCEPTING):
            world.until_archived()
            os.kill(pid, signal.SIGCONT)

            def sent() -> bool:
                if is_stopped(pid):  # the other partition's job
                    os.kill(pid, signal.SIGCONT)
                said = marks.read_text().splitlines()
                return said.count("ended") == said.count("begun")

            eventually("what it was about to send is sent", sent)
            world.publish(100)
            world.until_archived()
        found = world.places("slot_events")
    finally:
        frozen.kill()
    assert set(found.values()) == {1}
    let_go = {(partition, offset) for partition in (0, 1) for offset in range(10)}
    lost = let_go - found.keys()
    # The job of one partition may have been done before the other's was frozen.
    assert lost in (let_go, {(0, n) for n in range(10)}, {(1, n) for n in range(10)})
    assert found.keys() == (world.on_the_log("slot_events").keys() | let_go) - lost
