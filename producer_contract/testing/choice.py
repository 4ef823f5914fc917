"""Which Kafka a test suite runs on: in a container, or embedded."""

import os
from pathlib import Path
from typing import Final, Literal, get_args

from producer_contract.errors import BadUseError
from producer_contract.testing.container import ContainerKafka, docker_answers
from producer_contract.testing.embedded import EmbeddedKafka

Kind = Literal["auto", "container", "embedded"]
VARIABLE: Final = "CRENEAU_TEST_KAFKA"


class UnknownKindError(BadUseError):
    """The variable names no kind of Kafka."""


def chosen_kafka(folder: Path, default: Kind = "auto") -> ContainerKafka | EmbeddedKafka:
    """The Kafka that ``CRENEAU_TEST_KAFKA`` asks for, not yet started; a context manager.

    Args:
        folder: for the embedded one's data and logs.
        default: without the variable. ``auto``: a container where an engine answers, or embedded.

    Raises:
        UnknownKindError: the variable names no kind.
    """
    kind = os.environ.get(VARIABLE) or default
    if kind not in get_args(Kind):
        known = ", ".join(get_args(Kind))
        raise UnknownKindError(f"{VARIABLE} is '{kind}': it takes one of {known}")
    if kind == "container" or (kind == "auto" and docker_answers()):
        return ContainerKafka()
    return EmbeddedKafka(folder)
