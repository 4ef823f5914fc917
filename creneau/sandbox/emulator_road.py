"""What runs the BigQuery emulator here: a Python of its own, or else its container image.

``python -m creneau.sandbox.emulator_road`` makes whichever it is ready, and says why it cannot.
"""

import os
import sys
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from creneau.sandbox import emulator_image
from creneau.sandbox.emulator_environment import (
    PYTHON_VARIABLE,
    NoInterpreterError,
    environment,
    find_interpreter,
    is_made,
    place,
)
from producer_contract.errors import CreneauError

_SERVER: Final = Path(__file__).with_name("emulator_server.py")
_CONTAINER: Final = Path(__file__).with_name("emulator_container.py")


class Road(Enum):
    """The two ways to an emulator."""

    ENVIRONMENT = "a Python environment of its own"
    CONTAINER = "its container image"


@dataclass(frozen=True, slots=True)
class Server:
    """``python -I script PORT FOLDER [PARENT]`` serves the emulator, and ends on SIGTERM."""

    python: Path
    script: Path
    home: Path | None = None
    """The home folder to run it with; None: the user's."""


def choose(*, made: bool, interpreter: bool, named: bool, docker: bool) -> Road | None:
    """The road to take; None: there is none. Pure.

    Args:
        made: the environment is there already.
        interpreter: a Python that can make it is.
        named: the user has said which Python to take: then no other road is.
        docker: a Docker engine answers.
    """
    if made or interpreter:
        return Road.ENVIRONMENT
    return Road.CONTAINER if docker and not named else None


def road() -> Road:
    """The road to take on this machine.

    Raises:
        NoInterpreterError: neither a Python from 3.13 to 3.15 nor a Docker engine was found.
    """
    if is_made():
        return Road.ENVIRONMENT
    named = bool(os.environ.get(PYTHON_VARIABLE))
    try:
        find_interpreter()
    except NoInterpreterError:
        docker = not named and emulator_image.docker_answers()
        found = choose(made=False, interpreter=False, named=named, docker=docker)
        if found is None:
            raise
        return found
    return Road.ENVIRONMENT


def ahead() -> str | None:
    """What the first start has to do here, and never again; None: nothing.

    Raises:
        NoInterpreterError: there will be no start.
    """
    match road():
        case Road.ENVIRONMENT if not is_made():
            return f"it is installed once: about a minute, 700 MB in {place().parent}"
        case Road.CONTAINER if not emulator_image.is_here():
            return f"no Python from 3.13 to 3.15 here: Docker downloads {emulator_image.IMAGE} once"
    return None


def server() -> Server:
    """What to start, made ready: the first time it takes a minute or more.

    Raises:
        NoInterpreterError: see ``road``.
        EmulatorNotInstalledError: a package or the image cannot be fetched, or nowhere be kept.
    """
    if road() is Road.CONTAINER:
        emulator_image.fetch()
        return Server(Path(sys.executable), _CONTAINER)
    python, home = environment()
    return Server(python, _SERVER, home)


if __name__ == "__main__":
    try:
        server()
    except CreneauError as error:
        sys.exit(str(error))
