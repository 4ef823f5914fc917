"""The classifier as the worker knows it: a matrix of features in, probabilities out."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from model.quick_scorer import QuickScorer
from model.threads import stay_on_one_thread


class Classifier(Protocol):
    """What we need of scikit-learn; any pipeline that ends in a classifier has it."""

    classes_: NDArray[np.generic]

    def predict_proba(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 2): the probabilities of not booked and of booked."""
        ...


class Engine:
    """A loaded model, of one version and digest. May be used from several threads."""

    def __init__(
        self, classifier: Classifier, *, version: str, digest: str, features_version: int
    ) -> None:
        self.version = version
        self.digest = digest
        self.features_version = features_version
        self._classifier = classifier
        self.by_tables = isinstance(classifier, QuickScorer)
        """Whether it scores as tables; else at scikit-learn's own pace, some eight times slower."""

    def probabilities(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """The probability that each of n slots gets booked: (n, k) → (n).

        Raises whatever the classifier raises: a pipeline from a notebook may refuse a row.
        """
        if not self.by_tables:
            # Not before it has brought OpenMP: what is not loaded yet takes no limit.
            stay_on_one_thread()
        return np.asarray(self._classifier.predict_proba(matrix), np.float64)[:, 1]
