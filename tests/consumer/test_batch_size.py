from consumer.batch_size import MIN_EVENTS, BatchSize


def full(size: BatchSize, seconds: float) -> BatchSize:
    return size.after(size.size, seconds)


def test_a_fast_model_gets_large_transactions_up_to_the_limit() -> None:
    size = BatchSize.starting(4_000, 0.25)
    for _ in range(10):
        size = full(size, 0.01)
    assert size.size == 4_000


def test_a_slow_model_gets_small_ones_so_that_none_is_open_for_long() -> None:
    size = BatchSize.starting(4_000, 0.25)
    for _ in range(10):
        size = full(size, size.size * 0.001)  # 1 ms per event
    assert size.size == 250


def test_they_never_get_pointlessly_small() -> None:
    size = BatchSize.starting(4_000, 0.25)
    for _ in range(20):
        size = full(size, size.size * 1.0)
    assert size.size == MIN_EVENTS


def test_one_hiccup_at_most_halves_it() -> None:
    size = BatchSize(4_000, 0.25, 2_000)
    assert full(size, 100.0).size == 1_000


def test_a_transaction_that_was_not_full_tells_nothing() -> None:
    size = BatchSize(4_000, 0.25, 2_000)
    assert size.after(10, 5.0) == size


def test_a_limit_below_the_minimum_is_kept() -> None:
    size = BatchSize.starting(3, 0.25)
    assert size.size == 3
    assert full(size, 0.001).size == 3
    assert full(size, 10.0).size == 3
