from consumer.dead_letter_limit import DeadLetterLimit


def test_a_topic_of_nothing_but_refusals_reaches_it_with_the_first_large_transaction() -> None:
    assert DeadLetterLimit(ratio=0.95, run=500).reached_by(4_000, 4_000)


def test_small_transactions_reach_it_after_the_run_length() -> None:
    limit = DeadLetterLimit(ratio=0.95, run=500)
    dead_lettered = 0
    while not limit.reached_by(10, 10):
        limit.count(10, 10)
        dead_lettered += 10
    assert dead_lettered == 490


def test_a_few_refusals_among_many_never_reach_it() -> None:
    limit = DeadLetterLimit(ratio=0.95, run=500)
    for _ in range(1_000):
        assert not limit.reached_by(100, 10)
        limit.count(100, 10)


def test_a_good_past_does_not_hide_a_bad_present_for_long() -> None:
    limit = DeadLetterLimit(ratio=0.95, run=500)
    for _ in range(100):
        limit.count(4_000, 0)
    bad = 0
    while not limit.reached_by(100, 100):
        limit.count(100, 100)
        bad += 100
    assert bad <= 500


def test_a_short_burst_is_no_reason_to_stop() -> None:
    limit = DeadLetterLimit(ratio=0.95, run=500)
    assert not limit.reached_by(499, 499)


def test_a_run_length_of_zero_turns_it_off() -> None:
    assert not DeadLetterLimit(ratio=0.95, run=0).reached_by(10_000, 10_000)
