"""What the pretend slot app publishes: sound events, and malformed ones of every kind."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from creneau.sandbox.malformed import CODES, malformed
from creneau.sandbox.market import make_market
from creneau.sandbox.slot_stream import Offered, offered
from producer_contract.codec import Refusal, decode_slot_created, encode_slot_created

NOW = datetime(2026, 11, 24, 9, 30, 0, 250_000, tzinfo=UTC)


def stream(*, run: str = "a", seed: int = 1, count: int = 500) -> list[Offered]:
    market = make_market(seed, instructors=50)
    return list(islice(offered(market, seed, run, clock=lambda: NOW, block=100), count))


def test_every_event_is_valid_and_created_now() -> None:
    for slot in stream():
        event = decode_slot_created(encode_slot_created(slot.event), slot.event.slot_id.encode())
        assert event.created_at == NOW
        assert event.lesson_start_at - NOW >= timedelta(minutes=30)
        assert 0 < slot.true_probability < 1


def test_the_same_seed_offers_the_same_slots_under_another_name_in_each_run() -> None:
    first, again, other = stream(run="a"), stream(run="b"), stream(seed=2)
    assert [slot.true_probability for slot in first] == [slot.true_probability for slot in again]
    assert [slot.true_probability for slot in first] != [slot.true_probability for slot in other]
    ids = {slot.event.slot_id for slot in first + again}
    assert len(ids) == 1_000


@pytest.mark.parametrize("code", CODES)
def test_each_malformed_kind_is_refused_with_its_own_code(code: str) -> None:
    event = stream(count=1)[0].event
    value = malformed(encode_slot_created(event), code)
    with pytest.raises(Refusal) as refusal:
        decode_slot_created(value, event.slot_id.encode())
    assert refusal.value.code == code


def test_after_the_machine_slept_for_hours_slots_are_drawn_anew() -> None:
    """Lessons begin at 30 minutes' notice: those drawn before the sleep would begin in the past."""
    hours = 0

    def clock() -> datetime:
        return NOW + timedelta(hours=hours)

    slots = offered(make_market(1, instructors=50), 1, "a", clock=clock, block=100)
    ids = []
    for slept in (0, 1, 300, 2, 30_000):
        hours = slept
        for slot in islice(slots, 150):
            assert slot.event.lesson_start_at - clock() >= timedelta(minutes=20)
            ids.append(slot.event.slot_id)
    assert len(set(ids)) == 5 * 150
