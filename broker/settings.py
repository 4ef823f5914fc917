"""Where the cluster is and how to talk to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from broker.names import Names


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
