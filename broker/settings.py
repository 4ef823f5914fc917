"""Where the cluster is and how to talk to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from broker.names import Names
from producer_contract.errors import BadUseError

Section = TypeVar("Section", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """One cluster, as every room needs to know it.

    ``properties`` are librdkafka properties passed through to every client (TLS, SASL …); they win
    over our defaults, but not over what exactly-once needs (see ``broker.clients``).
    """

    bootstrap_servers: str
    prefix: str = ""
    properties: Mapping[str, str | int | float | bool] = field(default_factory=dict)

    @property
    def names(self) -> Names:
        return Names(self.prefix)


def checked_section(model: type[Section], name: str, section: BaseModel) -> Section:
    """A section ``[name]`` of the settings as it was read, as the room's own settings.

    Raises:
        BadUseError: names the first setting that is not usable.
    """
    try:
        return model.model_validate(section.model_dump())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadUseError(
            f"setting '{name}.{place}' is not usable: {first['msg']} (got {first['input']!r}); "
            f"mend it in creneau.toml or in CRENEAU_{name.upper()}__{place.upper()}"
        ) from error
