"""Latency and recovery from what a plain reader saw."""

from creneau.demo.latency import Delay, quantiles_ms, recovered_at, undisturbed


def test_quantiles_are_of_the_sorted_delays_in_milliseconds() -> None:
    delays = [Delay(0, 100.0, 100.0 + i / 1000) for i in reversed(range(1, 101))]
    assert quantiles_ms(delays) == {"p50": 51.0, "p90": 91.0, "p99": 100.0}
    assert quantiles_ms([]) == {"p50": 0.0, "p90": 0.0, "p99": 0.0}


def test_recovery_ends_with_the_last_partition_that_produces_again() -> None:
    delays = [
        Delay(0, 9.0, 10.5),  # created before the kill: on its way already
        Delay(1, 10.1, 10.2),
        Delay(0, 10.2, 17.0),
        Delay(0, 17.0, 17.1),
        Delay(1, 20.0, 20.1),
    ]
    assert recovered_at(delays, killed_at=10.0) == 17.0
    assert recovered_at(delays[:1], killed_at=10.0) is None


def test_what_waited_during_a_recovery_is_left_out() -> None:
    before, waiting = Delay(0, 1.0, 1.9), Delay(0, 1.9, 4.1)
    during, first, after = Delay(0, 3.0, 4.2), Delay(1, 2.1, 4.0), Delay(1, 4.3, 4.4)
    delays = [before, first, waiting, during, after]
    assert undisturbed(delays, [2.0]) == [before, after]
    assert undisturbed(delays, [2.0, 4.35]) == [before]


def test_after_a_kill_that_nothing_follows_only_what_was_answered_before_it_counts() -> None:
    answered, waiting = Delay(0, 1.0, 1.9), Delay(0, 1.5, 9.0)
    assert undisturbed([answered, waiting], [2.0]) == [answered]
