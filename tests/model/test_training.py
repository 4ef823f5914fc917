"""From CSV files to a calibrated model and its report."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from model.artifact import engine_of
from model.dataset import flipped, read_lessons
from model.errors import TrainingDataUnreadable
from model.features import FEATURE_NAMES
from model.training import fit, split
from model.workshop import Made, make_model


@pytest.fixture(scope="module")
def made(market: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make_model(market, tmp_path_factory.mktemp("out"))


def test_lessons_come_in_the_order_of_their_announcement(market: Path) -> None:
    lessons = read_lessons(market)
    assert len(lessons) == 6_000
    assert (np.diff(lessons.created_at) >= 0).all()
    assert lessons.matrix.shape == (6_000, len(FEATURE_NAMES))


def test_a_lesson_is_booked_when_it_has_a_booking_cancelled_or_not(market: Path) -> None:
    bookings = (market / "bookings.csv").read_text("utf-8").splitlines()[1:]
    assert any(not line.endswith(",") for line in bookings), "some were cancelled"
    assert read_lessons(market).booked.sum() == len(bookings)


def test_a_model_is_judged_on_what_came_after(market: Path) -> None:
    parts = split(read_lessons(market))
    assert parts.train.created_at.max() <= parts.calibrate.created_at.min()
    assert parts.calibrate.created_at.max() <= parts.test.created_at.min()
    assert [len(part) for part in parts] == [3_600, 1_200, 1_200]


def test_the_same_lessons_and_seed_make_the_same_answers(market: Path) -> None:
    parts = split(read_lessons(market))
    first, second = (fit(parts, seed=4).predict_proba(parts.test.matrix) for _ in range(2))
    assert_array_equal(first, second)


def test_the_model_beats_the_base_rate_and_not_the_truth(made: Made) -> None:
    report = made.report
    assert report.truth is not None
    assert report.truth.log_loss < report.model.log_loss < report.base_rate.log_loss
    assert report.truth.brier < report.model.brier < report.base_rate.brier
    assert 0.5 == report.base_rate.auc < report.model.auc < report.truth.auc


def test_a_probability_means_what_it_says(made: Made) -> None:
    for point in made.report.curve:
        assert point.predicted == pytest.approx(point.observed, abs=0.15)


def test_the_artifact_scores_as_the_report_says(made: Made, market: Path) -> None:
    engine = engine_of(made.path.read_bytes(), "v1")
    assert engine.digest == made.digest
    test = split(read_lessons(market)).test
    brier = ((engine.probabilities(test.matrix) - test.booked) ** 2).mean()
    assert brier == pytest.approx(made.report.model.brier, abs=1e-12)


def test_the_report_is_written_for_people_and_programs(made: Made) -> None:
    folder = made.path.parent
    assert sorted(file.name for file in folder.iterdir()) == [
        "model.zip",
        "reliability.svg",
        "report.json",
        "report.md",
    ]
    report = json.loads((folder / "report.json").read_text("utf-8"))
    assert report["model"]["auc"] == made.report.model.auc
    words = (folder / "report.md").read_text("utf-8")
    assert "true probability" in words
    assert f"{made.report.model.log_loss:.4f}" in words
    svg = ElementTree.fromstring((folder / "reliability.svg").read_text("utf-8"))
    assert len(svg.findall("{*}circle")) == len(made.report.curve)


def test_a_model_with_a_flipped_feature_is_worse_and_its_report_shows_it(
    market: Path, made: Made, tmp_path: Path
) -> None:
    corrupted = make_model(market, tmp_path, flip="lead_hours")
    assert corrupted.digest != made.digest
    assert corrupted.report.model.log_loss > made.report.model.log_loss + 0.01
    assert corrupted.report.truth == made.report.truth


def test_flipping_turns_one_feature_round_and_leaves_the_rest(market: Path) -> None:
    lessons = read_lessons(market)
    turned = flipped(lessons, "hour").matrix
    column = FEATURE_NAMES.index("hour")
    assert_array_equal(np.delete(turned, column, 1), np.delete(lessons.matrix, column, 1))
    assert np.corrcoef(turned[:, column], lessons.matrix[:, column])[0, 1] == pytest.approx(-1)


def test_an_unknown_feature_cannot_be_flipped(market: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingDataUnreadable, match="'colour'"):
        make_model(market, tmp_path, flip="colour")


def test_without_the_truth_the_report_has_none(market: Path, tmp_path: Path) -> None:
    rows = [
        line.rsplit(",", 1)[0] for line in (market / "lessons.csv").read_text("utf-8").splitlines()
    ]
    (tmp_path / "lessons.csv").write_text("\n".join(rows) + "\n", "utf-8")
    shutil.copy(market / "bookings.csv", tmp_path)
    made = make_model(tmp_path, tmp_path / "out")
    assert made.report.truth is None
    assert "| true probability" not in (tmp_path / "out" / "report.md").read_text("utf-8")


def test_times_as_bigquery_exports_them_are_read(market: Path, tmp_path: Path) -> None:
    text = (market / "lessons.csv").read_text("utf-8")
    header, *lines = text.splitlines()
    assert "Z," in text
    exported = [line.replace("T", " ").replace("Z,", " UTC,") for line in lines]
    (tmp_path / "lessons.csv").write_text("\n".join([header, *exported]), "utf-8")
    shutil.copy(market / "bookings.csv", tmp_path)
    assert_array_equal(read_lessons(tmp_path).created_at, read_lessons(market).created_at)


def test_empty_fields_are_not_known(market: Path, tmp_path: Path) -> None:
    header, first, *rest = (market / "lessons.csv").read_text("utf-8").splitlines()
    names, values = header.split(","), first.split(",")
    for name in ("latitude", "longitude", "duration_minutes", "partnership_type"):
        values[names.index(name)] = ""
    (tmp_path / "lessons.csv").write_text("\n".join([header, ",".join(values), *rest]), "utf-8")
    shutil.copy(market / "bookings.csv", tmp_path)
    row = dict(zip(FEATURE_NAMES, read_lessons(tmp_path).matrix[0].tolist(), strict=True))
    assert [name for name, value in row.items() if np.isnan(value)] == [
        "departement",
        "partnership_type",
        "duration_minutes",
        "latitude",
        "longitude",
    ]


Spoil = Callable[[Path], object]


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda d: (d / "lessons.csv").unlink(), "lessons.csv cannot be read"),
        (lambda d: (d / "bookings.csv").unlink(), "bookings.csv cannot be read"),
        (lambda d: (d / "lessons.csv").write_text(""), "is empty"),
        (lambda d: (d / "lessons.csv").write_text("lesson_id\n"), "has no column"),
        (lambda d: (d / "lessons.csv").write_bytes(b"\xff\xfe"), "UTF-8"),
        (lambda d: keep_lines(d, 1), "0 lessons are too few"),
        (lambda d: keep_lines(d, 100), "99 lessons are too few"),
        (lambda d: spoil_line(d, 7, "latitude", "north"), "line 7: latitude 'north'"),
        (
            lambda d: spoil_line(d, 9, "lesson_created_at", "2026-01-01T00:00:00"),
            "line 9: lesson_created_at",
        ),
        (lambda d: spoil_line(d, 5, "duration_minutes", "60,1"), "line 5: 12 values for 11"),
        (lambda d: (d / "bookings.csv").write_text("lesson_id\n"), "all or none were booked"),
    ],
)
def test_unusable_lessons_are_refused_with_one_clear_line(
    market: Path, tmp_path: Path, spoil: Spoil, why: str
) -> None:
    folder = tmp_path / "data"
    shutil.copytree(market, folder)
    spoil(folder)
    with pytest.raises(TrainingDataUnreadable) as caught:
        make_model(folder, tmp_path / "out")
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def keep_lines(folder: Path, count: int) -> None:
    lines = (folder / "lessons.csv").read_text("utf-8").splitlines(keepends=True)
    (folder / "lessons.csv").write_text("".join(lines[:count]), "utf-8")


def spoil_line(folder: Path, line: int, name: str, value: str) -> None:
    lines = (folder / "lessons.csv").read_text("utf-8").splitlines()
    fields = lines[line - 1].split(",")
    fields[lines[0].split(",").index(name)] = value
    lines[line - 1] = ",".join(fields)
    (folder / "lessons.csv").write_text("\n".join(lines), "utf-8")


def test_a_folder_that_cannot_be_written_is_said_so(market: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("I am a file")
    with pytest.raises(TrainingDataUnreadable, match="give another --out"):
        make_model(market, tmp_path / "out")
