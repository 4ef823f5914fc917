"""The pace of the pretend slot app: steady, and calm after a pause."""

import pytest

from creneau.sandbox.pace import Pace


def sent_by(pace: Pace, start: float, end: float, step: float) -> int:
    return sum(pace.take(start + step * i) for i in range(1, round((end - start) / step) + 1))


@pytest.mark.parametrize("rate", [0.5, 7.0, 1_000.0, 20_000.0])
@pytest.mark.parametrize("step", [0.001, 0.01, 0.09])
def test_the_rate_is_kept_to_the_event(rate: float, step: float) -> None:
    assert abs(sent_by(Pace(rate, 100.0), 100.0, 120.0, step) - rate * 20) <= max(1, rate * step)


def test_a_pause_is_caught_up_at_twice_the_rate_and_never_in_one_burst() -> None:
    pace = Pace(1_000.0, 0.0)
    sent_by(pace, 0.0, 1.0, 0.01)
    assert pace.take(6.0) <= 200
    assert sent_by(pace, 6.0, 7.0, 0.01) == pytest.approx(2_000, abs=100)
    sent_by(pace, 7.0, 13.0, 0.01)
    assert sent_by(pace, 13.0, 14.0, 0.01) == pytest.approx(1_000, abs=20)
