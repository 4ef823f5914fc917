"""Scores, on numbers small enough to do by hand."""

import math
from xml.etree import ElementTree

import numpy as np
import pytest

from model.evaluation import Bin, difference, reliability, score_of
from model.reliability_svg import draw


def test_scores_are_the_textbook_ones() -> None:
    booked = np.array([0, 1, 1, 0])
    score = score_of(np.array([0.1, 0.8, 0.4, 0.6]), booked)
    assert score.auc == pytest.approx(3 / 4)
    assert score.brier == pytest.approx((0.01 + 0.04 + 0.36 + 0.36) / 4)
    expected = -(math.log(0.9) + math.log(0.8) + math.log(0.4) + math.log(0.4)) / 4
    assert score.log_loss == pytest.approx(expected)


def test_the_curve_goes_over_equally_many_slots_a_point() -> None:
    probabilities = np.linspace(0, 1, 100)
    curve = reliability(probabilities, (probabilities > 0.5).astype(np.int64))
    assert [point.count for point in curve] == [10] * 10
    assert [point.observed for point in curve] == [0] * 5 + [1] * 5
    assert curve[0].predicted == pytest.approx(probabilities[:10].mean())


def test_a_difference_counts_who_crosses_one_half() -> None:
    first = np.array([0.4, 0.49, 0.5, 0.9])
    second = np.array([0.5, 0.4, 0.4, 0.9])
    found = difference(first, second, np.array([0, 1, 0, 1]))
    assert found.crossed_half == 2
    assert found.mean_shift == pytest.approx((0.1 - 0.09 - 0.1) / 4)
    assert found.mean_absolute_shift == pytest.approx(0.29 / 4)
    assert found.lessons == 4
    assert found.mean_second - found.mean_first == pytest.approx(found.mean_shift)


def test_a_model_differs_in_nothing_from_itself() -> None:
    answers = np.array([0.2, 0.7])
    found = difference(answers, answers, np.array([0, 1]))
    assert (found.mean_absolute_shift, found.crossed_half) == (0, 0)
    assert found.first == found.second


def test_a_good_curve_is_drawn_on_the_diagonal() -> None:
    svg = ElementTree.fromstring(draw([Bin(0.25, 0.25, 10), Bin(0.75, 0.75, 10)]))
    for circle in svg.findall("{*}circle"):
        width = float(svg.attrib["viewBox"].split()[2])
        assert float(circle.attrib["cx"]) + float(circle.attrib["cy"]) == pytest.approx(width)
