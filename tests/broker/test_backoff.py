from broker.backoff import Backoff


def test_it_doubles_and_stops_doubling() -> None:
    backoff = Backoff(first=0.5, longest=30.0)
    assert [backoff.delay(n) for n in (1, 2, 3, 7, 100)] == [0.5, 1.0, 2.0, 30.0, 30.0]


def test_what_ran_long_enough_starts_anew() -> None:
    backoff = Backoff(calm=60.0)
    assert backoff.endings_after(5, ran_seconds=61) == 1
    assert backoff.endings_after(5, ran_seconds=2) == 6
