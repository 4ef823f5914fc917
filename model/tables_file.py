"""Tables as bytes: what an artifact carries so that whoever scores need not load scikit-learn."""

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.errors import ArtifactUnreadable
from model.quick_scorer import QuickScorer, Trees

_WORDS: Final = {np.dtype(np.uint32): 32, np.dtype(np.uint64): 64}


def dump_tables(scorer: QuickScorer) -> bytes:
    """An ``.npz``; the same tables make the same bytes.

    ``finite``, and for each model i and column k: ``i.edges.k``, ``i.words.k``, ``i.leaves``,
    ``i.curve`` (baseline, slope, intercept).
    """
    arrays: dict[str, NDArray[np.generic]] = {"finite": scorer.finite}
    for i, trees in enumerate(scorer.models):
        arrays |= {f"{i}.edges.{k}": edges for k, edges in enumerate(trees.edges)}
        arrays |= {f"{i}.words.{k}": words for k, words in enumerate(trees.words)}
        arrays[f"{i}.leaves"] = trees.leaves
        arrays[f"{i}.curve"] = np.array([trees.baseline, trees.slope, trees.intercept])
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    return content.getvalue()


def load_tables(content: bytes, columns: int, name: str) -> QuickScorer:
    """What ``dump_tables`` wrote; ``name`` is how messages call the model.

    Raises:
        ArtifactUnreadable: it is not that, or not over so many columns.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            count = sum(key.endswith(".leaves") for key in arrays)
            models = tuple(_trees(arrays, i, columns) for i in range(count))
            finite = arrays["finite"].astype(np.intp)
        if not models or not ((finite >= 0) & (finite < columns)).all():
            raise ValueError("no model, or a column that is not there")
    except Exception as error:  # whatever NumPy says of bytes that are none of its own
        raise ArtifactUnreadable(
            f"model {name}: its tables cannot be read ({' '.join(str(error).split())[:200]}); "
            "build it again"
        ) from error
    return QuickScorer(models, finite)


def _trees(arrays: np.lib.npyio.NpzFile, i: int, columns: int) -> Trees:
    baseline, slope, intercept = arrays[f"{i}.curve"].tolist()
    trees = Trees(
        edges=tuple(arrays[f"{i}.edges.{k}"] for k in range(columns)),
        words=tuple(arrays[f"{i}.words.{k}"] for k in range(columns)),
        leaves=arrays[f"{i}.leaves"],
        baseline=baseline,
        slope=slope,
        intercept=intercept,
    )
    count = len(trees.leaves)
    if not count or trees.leaves.dtype != np.float64:
        raise ValueError("no trees")
    for edges, words in zip(trees.edges, trees.words, strict=True):
        if edges.ndim != 1 or edges.dtype != np.float64 or not (np.diff(edges) > 0).all():
            raise ValueError("edges that do not ascend")
        if not edges.size or edges[-1] != np.inf:
            raise ValueError("edges that end")
        if words.shape != (len(edges) + 1, count) or words.dtype != trees.words[0].dtype:
            raise ValueError("words that do not fit the edges")
    if trees.leaves.shape != (count, _WORDS[trees.words[0].dtype]):
        raise ValueError("leaves that do not fit the words")
    return trees
