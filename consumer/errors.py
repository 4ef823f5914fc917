"""What can stop a worker, one class per thing a person can do about it."""

from producer_contract.errors import UnavailableError


class DeadLetterLimitReachedError(UnavailableError):
    """Nearly everything was refused: somebody has to look at what the slot app publishes."""


class OutputPartitionsMissingError(UnavailableError):
    """The outputs or the dead letters have fewer partitions than the source."""


class PortInUseError(UnavailableError):
    """Another program listens on the port that was asked for."""
