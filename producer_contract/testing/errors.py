"""What can go wrong with the embedded Kafka: one class per thing that a caller can do about it."""

from producer_contract.errors import BadUseError, UnavailableError


class JarsUnavailableError(UnavailableError):
    """A jar could not be downloaded or written: mend the network or the folder, and try again."""


class JarRefusedError(UnavailableError):
    """A jar is not the one that was locked: delete it and fetch it again."""


class KafkaDidNotStartError(UnavailableError):
    """A broker died or was not ready in time: its log says why."""


class PortInUseError(BadUseError):
    """A port that was asked for by number is taken: choose another."""


class WrongBrokerCountError(BadUseError):
    """The folder holds a cluster with another number of brokers."""


class FolderUnusableError(BadUseError):
    """The folder for Kafka's data cannot be made or written to: choose another."""
