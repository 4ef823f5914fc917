"""What can be wrong with a model, one class for each thing that its owner can do about it."""

from producer_contract.errors import BadUseError, UnavailableError


class ModelUnusable(UnavailableError):  # noqa: N818  a state of the model, met in normal operation
    """A model that must not score. Every class below is one."""


class ArtifactMissing(ModelUnusable):
    """The store does not have it: look at the store's address, or register it again."""


class ArtifactChanged(ModelUnusable):
    """Its bytes are not those that were registered: register it again from its source."""


class ArtifactUnreadable(ModelUnusable):
    """It is no artifact, or holds types that are never loaded: build it again."""


class ModelUnfit(ModelUnusable):
    """Made for another scikit-learn or other features: train it again here."""


class SelfTestFailed(ModelUnusable):
    """It does not answer its golden rows as it did when it was made: do not use it."""


class StoreUnreachable(ModelUnusable):
    """The store itself does not answer: mend the setting, the network or the rights."""


class NotPackable(BadUseError):  # noqa: N818
    """This classifier cannot become an artifact; the message says what to change."""


class TrainingDataUnreadable(BadUseError):  # noqa: N818
    """A file of the training data is missing or malformed; names the file and the line."""
