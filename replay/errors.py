"""What can stand in a replay's way, one class per thing a person can do about it."""

from producer_contract.errors import BadUseError, UnavailableError


class NotRevokedError(BadUseError):
    """The model to replay from may still score: revoke it first."""


class UnusableReplacementError(UnavailableError):
    """The model to replay with is revoked."""


class NotAReplacementError(BadUseError):
    """The model to score with is one of those to correct."""


class ReplayActiveError(BadUseError):
    """Another replay is neither completed nor cancelled."""


class LedgerMovedError(UnavailableError):
    """What a replay was planned for is no longer what the ledger asks for: start again."""


class UnknownReplayError(BadUseError):
    """No replay of that id, or none at all."""


class ReplayNotInThatStateError(BadUseError):
    """What was asked for does not fit where the replay stands."""


class BadSelectionError(BadUseError):
    """A selection that selects nothing or makes no sense."""


class PlanTooLargeError(UnavailableError):
    """The plan does not fit into one record of the ledger: select less."""


class NotFencedError(UnavailableError):
    """Not every partition has acknowledged the revocation in time."""


class UnexplainedGapError(UnavailableError):
    """Source events below the fence of which neither runs nor outcomes know anything."""


class SourceRangesGoneError(UnavailableError):
    """Source events are past retention, and no archive has them."""


class CountsDisagreeError(UnavailableError):
    """A replay met another number of events than the runs it replaces: it is not completed."""
