"""A model as one file: a zip of ``model.skops`` and ``manifest.json``, named by its SHA-256, and of
``tables.npz`` where the model can be had as tables: whoever scores then loads nothing else.

From a notebook::

    from model.artifact import pack
    pack(pipeline, "mine.zip")
    # then: creneau model register mine.zip
"""

import hashlib
import io
import warnings
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from pydantic import JsonValue, ValidationError

from model.engine import Classifier, Engine
from model.errors import ArtifactUnreadable, NotPackable, SelfTestFailed
from model.features import FEATURE_NAMES
from model.golden import golden_rows
from model.manifest import Manifest, check_fit, describe, self_test
from model.quick_scorer import QuickScorer
from model.store import ModelStore
from model.tables import tables_of
from model.tables_file import dump_tables, load_tables
from model.tables_proof import MOST_APART, most_apart

TRUSTED: Final = (
    "numpy.dtype",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.calibration._TemperatureScaling",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._bunch.Bunch",
)
"""Private types that skops does not trust by itself and we do: read, and found to run nothing.
Grown by hand, never from what a file says it needs."""

MAX_MODEL_BYTES: Final = 1 << 30
MAX_MANIFEST_BYTES: Final = 16 << 20

_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    ValueError,
    EOFError,
    NotImplementedError,  # a compression that zipfile does not know
    RuntimeError,  # encrypted
)


class Contents(NamedTuple):
    """An artifact taken apart; nothing in it is proved before ``check_fit`` and ``self_test``."""

    classifier: Classifier
    manifest: Manifest


class _Parts(NamedTuple):
    manifest: Manifest
    model: bytes
    tables: bytes | None


def digest_of(content: bytes) -> str:
    """SHA-256 in hex: a model's identity."""
    return hashlib.sha256(content).hexdigest()


def pack(classifier: Any, path: str | Path, metrics: Mapping[str, JsonValue] | None = None) -> str:
    """Write a fitted classifier as an artifact; its digest.

    ``classifier``: any fitted scikit-learn classifier or pipeline of the classes 0 and 1 over the
    columns of ``FEATURE_NAMES``, NaN among them. ``metrics`` go on the ledger with it.

    Raises:
        NotPackable: it does not take the features, or holds types that are never loaded.
    """
    content = pack_bytes(classifier, metrics or {})
    Path(path).write_bytes(content)
    return digest_of(content)


def pack_bytes(classifier: Any, metrics: Mapping[str, JsonValue]) -> bytes:
    """The artifact's bytes; raises as ``pack`` does."""
    _check_classifier(classifier)
    import skops.io

    manifest = describe(classifier, dict(metrics))
    try:
        model = skops.io.dumps(classifier)
    except Exception as error:
        raise NotPackable(f"skops cannot write this classifier: {_line(error)}") from error
    files = {"manifest.json": _json(manifest), "model.skops": model}
    if tables := _proved_tables(classifier):
        files["tables.npz"] = dump_tables(tables)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as parts:
        for name, part in files.items():
            # A fixed time stamp: the same parts make the same bytes.
            parts.writestr(zipfile.ZipInfo(name), part, zipfile.ZIP_DEFLATED)
    try:
        self_test(manifest, read(content.getvalue(), "as written").classifier, "as written")
        engine_of(content.getvalue(), "as written")
    except ArtifactUnreadable as error:
        raise NotPackable(str(error)) from error
    return content.getvalue()


def pack_skops(model: bytes, name: str) -> bytes:
    """An artifact from a bare ``.skops`` file's bytes; raises as ``pack`` and ``read`` do."""
    return pack_bytes(_load_skops(model, name), {})


def read(content: bytes, name: str) -> Contents:
    """Take an artifact apart; ``name`` is how messages call it.

    Raises:
        ArtifactUnreadable: it is none, or holds types that are never loaded (they are named).
    """
    parts = _parts(content, name)
    return Contents(_load_skops(parts.model, name), parts.manifest)


def engine_of(content: bytes, version: str) -> Engine:
    """A proved engine from an artifact's bytes.

    Raises:
        ModelUnusable: it cannot be read, was made for something else, or fails its self-test.
    """
    parts = _parts(content, version)
    manifest = parts.manifest
    check_fit(manifest, version)
    classifier: Classifier
    if parts.tables is not None:
        classifier = load_tables(parts.tables, len(FEATURE_NAMES), version)
    else:
        classifier = _load_skops(parts.model, version)
        classifier = _proved_tables(classifier) or classifier
    self_test(manifest, classifier, version)
    return Engine(
        classifier,
        version=version,
        digest=digest_of(content),
        features_version=manifest.features_version,
    )


def prove(content: bytes, version: str) -> Manifest:
    """The manifest of an artifact whose tables, if it has any, answer as its ``model.skops`` does.
    ``engine_of`` proves tables that an artifact brings by the golden rows alone.

    Raises:
        ModelUnusable: it cannot be read, fails its self-test, or has tables that answer otherwise.
    """
    parts = _parts(content, version)
    classifier = _load_skops(parts.model, version)
    self_test(parts.manifest, classifier, version)
    if parts.tables is not None:
        apart = most_apart(classifier, load_tables(parts.tables, len(FEATURE_NAMES), version))
        if not apart <= MOST_APART:
            raise SelfTestFailed(
                f"model {version}: its tables and its scikit-learn model answer otherwise, by "
                f"{apart:.1e}: pack it again from its classifier"
            )
    return parts.manifest


def _proved_tables(classifier: Any) -> QuickScorer | None:
    """The classifier as tables; None where they cannot hold it, or answer otherwise."""
    tables = tables_of(classifier)
    if tables is None or (apart := most_apart(classifier, tables)) <= MOST_APART:
        return tables
    warnings.warn(
        f"the tables of this classifier answer otherwise than it does, by {apart:.1e}: it is "
        "scored by scikit-learn, some eight times slower. This is an error of model/tables.py",
        stacklevel=3,
    )
    return None


def load(store: ModelStore, uri: str, digest: str, version: str) -> Engine:
    """The engine of a registered model, proved before it is handed over.

    Raises:
        ModelUnusable: it is missing, changed, unreadable, unfit, or fails its self-test.
    """
    return engine_of(store.open(uri, digest), version)


def _parts(content: bytes, name: str) -> _Parts:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            return _Parts(
                Manifest.model_validate_json(_part(parts, "manifest.json", MAX_MANIFEST_BYTES)),
                _part(parts, "model.skops", MAX_MODEL_BYTES),
                _part(parts, "tables.npz", MAX_MODEL_BYTES)
                if "tables.npz" in parts.namelist()
                else None,
            )
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ArtifactUnreadable(
            f"model {name}: its manifest is not valid ({place}: {first['msg']}); build it again"
        ) from error
    except _UNREADABLE as error:
        raise ArtifactUnreadable(
            f"model {name} is not an artifact ({_line(error)}); make one with creneau model train "
            "or model.artifact.pack"
        ) from error


def _part(parts: zipfile.ZipFile, name: str, limit: int) -> bytes:
    size = parts.getinfo(name).file_size
    if size > limit:
        raise ValueError(f"{name} holds {size} bytes, more than {limit}")
    return parts.read(name)


def _load_skops(model: bytes, name: str) -> Classifier:
    # Here, not above: it brings scikit-learn along, 1.5 s that commands which load no model spare.
    import skops.io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        classifier: Classifier = skops.io.loads(model, trusted=list(TRUSTED))
    except UntrustedTypesFoundException as error:
        unknown = sorted(set(skops.io.get_untrusted_types(data=model)) - set(TRUSTED))
        raise ArtifactUnreadable(
            f"model {name} holds types that are never loaded: {', '.join(unknown)}; "
            "build it from scikit-learn's own"
        ) from error
    except Exception as error:
        raise ArtifactUnreadable(
            f"model {name} is not a skops file that can be read ({_line(error)}); build it again"
        ) from error
    return classifier


def _check_classifier(classifier: Any) -> None:
    """Try what scoring will ask of it."""
    rows = golden_rows()
    try:
        classes = list(classifier.classes_)
        answers = np.asarray(classifier.predict_proba(rows), np.float64)
    except Exception as error:
        raise NotPackable(
            f"the classifier does not answer {len(FEATURE_NAMES)} columns with NaN among them "
            f"({_line(error)}); fit it on model.features, with an imputer where it needs one"
        ) from error
    if classes != [0, 1]:
        raise NotPackable(f"the classes must be 0 (not booked) and 1 (booked), not {classes}")
    if answers.shape != (len(rows), 2) or not ((answers >= 0) & (answers <= 1)).all():
        raise NotPackable("predict_proba does not answer every golden row with a probability")


def _json(manifest: Manifest) -> bytes:
    return manifest.model_dump_json(indent=1).encode()


def _line(error: BaseException) -> str:
    """An error of others on one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]
