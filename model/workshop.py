"""A whole training: lessons in, an artifact and its report out."""

import os
from dataclasses import dataclass
from pathlib import Path

from model.artifact import digest_of, pack_bytes
from model.dataset import Lessons, flipped, read_lessons
from model.errors import TrainingDataUnreadable
from model.report import Report, evaluate, write_report
from model.threads import one_thread
from model.training import fit, split

ARTIFACT = "model.zip"


@dataclass(frozen=True, slots=True)
class Made:
    """A model in a file, not registered yet."""

    path: Path
    digest: str
    report: Report


def make_model(data: Path, out: Path, *, seed: int = 0, flip: str | None = None) -> Made:
    """Train on the lessons of the folder ``data``; as ``train_on``.

    Raises:
        TrainingDataUnreadable: bad lessons, or ``out`` cannot be written.
    """
    return train_on(read_lessons(data), out, seed=seed, flip=flip)


def train_on(lessons: Lessons, out: Path, *, seed: int = 0, flip: str | None = None) -> Made:
    """Train on lessons; write ``model.zip`` and the report into ``out``.

    ``flip`` names a feature that is fed the wrong way round while training: the model is corrupted
    on purpose, and the report judges it on lessons as they are.

    Raises:
        TrainingDataUnreadable: bad lessons, or ``out`` cannot be written.
    """
    parts = split(lessons)
    fed = (
        parts
        if flip is None
        else parts._replace(
            train=flipped(parts.train, flip), calibrate=flipped(parts.calibrate, flip)
        )
    )
    classifier = fit(fed, seed)
    with one_thread():
        probabilities = classifier.predict_proba(parts.test.matrix)[:, 1]
    report = evaluate(probabilities, parts)
    content = pack_bytes(classifier, report.metrics())
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_report(report, out)
        # Last and at once: where there is a model, it is whole and has its report.
        unfinished = out / f"{ARTIFACT}.{os.getpid()}"
        unfinished.write_bytes(content)
        unfinished.replace(out / ARTIFACT)
    except OSError as error:
        raise TrainingDataUnreadable(
            f"{out} cannot be written ({error.strerror}); give another --out"
        ) from error
    return Made(out / ARTIFACT, digest_of(content), report)
