"""When executors give way to live scoring."""

from replay.governor import GO_ON, Limits, LiveReading, govern

LIMITS = Limits(lag=1_000, age_seconds=2.0)


def reading(lag: int = 0, age: float = 0.0) -> LiveReading:
    return LiveReading({0: 0, 3: lag}, {3: age})


def test_with_live_scoring_in_time_a_replay_goes_on() -> None:
    assert govern(reading(), LIMITS) == GO_ON
    assert govern(LiveReading({}, {}), LIMITS) == GO_ON


def test_it_gives_way_to_lag_and_says_where() -> None:
    verdict = govern(reading(lag=1_001), LIMITS)
    assert verdict.gives_way
    assert "1001 offsets behind in partition 3" in verdict.why


def test_it_gives_way_to_age() -> None:
    assert "2.1 s behind in partition 3" in govern(reading(age=2.1), LIMITS).why


def test_it_goes_on_only_when_live_scoring_is_well_below_the_limit() -> None:
    stopped = govern(reading(lag=1_001), LIMITS)
    assert govern(reading(lag=501), LIMITS, stopped).gives_way
    assert not govern(reading(lag=500), LIMITS, stopped).gives_way
    assert not govern(reading(lag=501), LIMITS).gives_way


def test_an_age_that_did_not_come_in_time_is_no_reason_to_go_on_again() -> None:
    stopped = govern(reading(age=2.1), LIMITS)
    unknown = LiveReading({0: 0, 3: 5}, {})
    verdict = govern(unknown, LIMITS, stopped)
    assert verdict.gives_way
    assert "partition 3 is unknown" in verdict.why
    assert govern(unknown, LIMITS) == GO_ON
    assert govern(LiveReading({0: 0, 3: 5}, {3: 0.0}), LIMITS, verdict) == GO_ON
