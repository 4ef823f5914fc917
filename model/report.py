"""The evaluation report of a training: ``report.json``, ``report.md``, ``reliability.svg``.

Three sets of probabilities on the same lessons: the model's, the truth (where a synthetic market
knows it: nobody can beat that), and the base rate, the same number for every slot.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.evaluation import Bin, Score, reliability, score_of
from model.reliability_svg import draw
from model.training import Split


@dataclass(frozen=True, slots=True)
class Report:
    """``truth`` is None where the data does not hold it."""

    model: Score
    truth: Score | None
    base_rate: Score
    booked_share: float
    trained_on: int
    calibrated_on: int
    tested_on: int
    curve: Sequence[Bin]

    def scores(self) -> list[tuple[str, Score]]:
        """What the report sets side by side."""
        truth = [] if self.truth is None else [("true probability", self.truth)]
        return [("this model", self.model), ("base rate", self.base_rate), *truth]

    def metrics(self) -> dict[str, Any]:
        """What goes on the ledger with the model."""
        return {
            **asdict(self.model),
            "base_rate_log_loss": self.base_rate.log_loss,
            "true_log_loss": None if self.truth is None else self.truth.log_loss,
            "trained_on": self.trained_on,
            "tested_on": self.tested_on,
        }


def evaluate(probabilities: NDArray[np.float64], parts: Split) -> Report:
    """The report on a model that gave ``probabilities`` to the lessons of ``parts.test``."""
    test = parts.test
    base = np.full(len(test), parts.train.booked.mean())
    return Report(
        model=score_of(probabilities, test.booked),
        truth=None if test.truth is None else score_of(test.truth, test.booked),
        base_rate=score_of(base, test.booked),
        booked_share=float(test.booked.mean()),
        trained_on=len(parts.train),
        calibrated_on=len(parts.calibrate),
        tested_on=len(test),
        curve=reliability(probabilities, test.booked),
    )


def write_report(report: Report, folder: Path) -> None:
    """Write the three files into an existing folder."""
    (folder / "report.json").write_text(json.dumps(asdict(report), indent=1) + "\n", "utf-8")
    (folder / "report.md").write_text(_words(report), "utf-8")
    (folder / "reliability.svg").write_text(draw(report.curve), "utf-8")


def _words(report: Report) -> str:
    table = "\n".join(
        f"| {name} | {score.auc:.4f} | {score.log_loss:.4f} | {score.brier:.4f} |"
        for name, score in report.scores()
    )
    curve = "\n".join(f"| {b.predicted:.3f} | {b.observed:.3f} | {b.count} |" for b in report.curve)
    return f"""# Evaluation

Trained on {report.trained_on} lessons, calibrated on the {report.calibrated_on} that were announced
after them, judged on the {report.tested_on} after those, of which {report.booked_share:.1%} were
booked.

| | AUC | log loss | Brier |
|---|---|---|---|
{table}

AUC: higher is better; log loss and Brier: lower is better. Nobody can beat the true probability.

![Reliability curve](reliability.svg)

| predicted | observed | slots |
|---|---|---|
{curve}
"""
