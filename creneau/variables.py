"""``CRENEAU_*`` variables: one that nobody reads is a mistake, and is said."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Final

from producer_contract.errors import BadUseError

PREFIX: Final = "CRENEAU_"
NOT_SETTINGS: Final = frozenset(
    {
        "CRENEAU_BASE_IMAGE",
        "CRENEAU_EMULATOR",
        "CRENEAU_EMULATOR_PYTHON",
        "CRENEAU_FUZZ_EXAMPLES",
        "CRENEAU_IMAGE",
        "CRENEAU_KAFKA_IMAGE",
        "CRENEAU_KAFKA_JARS",
        "CRENEAU_KAFKA_PORT",
        "CRENEAU_RATE",
        "CRENEAU_TEST_KAFKA",
    }
)
"""Read by the embedded Kafka, the BigQuery emulator, docker-compose.yml and our tests."""

_OF_KUBERNETES = re.compile(
    r"(.*_)?SERVICE_(HOST|PORT)(_\w+)?|.*(^|_)PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?"
)
"""Kubernetes gives every pod such variables for each service of its namespace; one may be called
creneau, or creneau-worker."""


class UnknownVariableError(BadUseError):
    """A ``CRENEAU_*`` variable that nobody reads."""


def refuse_unknown(environment: Mapping[str, str], settings: Iterable[str]) -> None:
    """Refuse the first variable that is neither one of ``settings`` nor otherwise known.

    What is inside a section (``CRENEAU_WORKER__…``) is the section's to judge.

    Raises:
        UnknownVariableError: names the nearest known one.
    """
    known = {PREFIX + name.upper() for name in settings} | NOT_SETTINGS
    for variable in sorted(environment):
        # As pydantic-settings has it: the case of a variable does not matter.
        name = variable.upper()
        if not name.startswith(PREFIX) or name.partition("__")[0] in known:
            continue
        if _OF_KUBERNETES.fullmatch(name.removeprefix(PREFIX)):
            continue
        raise UnknownVariableError(f"{variable} is no setting; {_nearest(name, known)}")


def _nearest(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, known, n=1, cutoff=0.75)
    if near:
        return f"did you mean {near[0]}?"
    for section in sorted(known):
        if name.startswith(f"{section}_"):
            rest = name.removeprefix(f"{section}_").lstrip("_")
            return f"did you mean {section}__{rest} (two underscores)?"
    return f"known are {', '.join(sorted(set(known) - NOT_SETTINGS))}; unset it"
