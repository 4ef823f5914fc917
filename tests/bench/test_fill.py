"""Slots made from a pool are events like any other."""

from bench import fill
from producer_contract.codec import decode_slot_created


def test_each_slot_is_valid_and_has_an_id_of_its_own() -> None:
    # More slots than the pool holds: rows come again, ids do not.
    pool = fill.pool_of(40, seed=1)
    assert len(set(pool)) == 40
    made = [pair for first in (0, 40) for pair in fill.once_over(pool, "run", first, first + 40)]
    decoded = [decode_slot_created(value, key) for key, value in made]
    assert len({event.slot_id for event in decoded}) == len({key for key, _ in made}) == 80
    assert [event.lesson_start_at for event in decoded[:40]] == [
        event.lesson_start_at for event in decoded[40:]
    ]
    assert all(event.lesson_start_at > event.created_at for event in decoded)
