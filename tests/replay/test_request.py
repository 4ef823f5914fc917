"""What an order stands for."""

import pytest

from replay.errors import LedgerMovedError, ReplayActiveError
from replay.request import Order, beginnings, models_to_replay, refuse_moved
from tests.ledger.build import ledger, promoted, registered, requested, revoked

BEFORE = (
    registered("bad"),
    registered("good"),
    registered("better"),
    promoted("bad"),
    revoked("bad", to="good"),
)
ORDER = Order("better")
FROM = models_to_replay(ledger(*BEFORE), ORDER)


def test_an_order_that_still_stands_for_the_same_models_is_accepted() -> None:
    assert frozenset({"bad"}) == FROM
    refuse_moved(ledger(*BEFORE), ORDER, FROM)


def test_a_model_revoked_while_the_plan_was_made_is_named() -> None:
    now = ledger(*BEFORE, revoked("good", to="better"))
    with pytest.raises(LedgerMovedError, match="model 'good' was revoked meanwhile"):
        refuse_moved(now, ORDER, FROM)
    refuse_moved(now, Order("better", ("bad",)), FROM)


def test_another_operators_replay_is_in_the_way() -> None:
    now = ledger(*BEFORE, requested("r", "bad", to="good", affected=[(0, 0, 9)], chunks=1))
    with pytest.raises(ReplayActiveError):
        refuse_moved(now, ORDER, FROM)


def test_a_selection_begins_at_its_time_where_an_earlier_event_is_still_kept() -> None:
    assert beginnings({0: 8, 1: 30}, {0: 7, 1: 0}) == {0: 8, 1: 30}


def test_where_the_first_event_kept_is_late_enough_what_is_gone_is_selected_too() -> None:
    assert beginnings({0: 7, 1: 0}, {0: 7, 1: 0}) == {0: 0, 1: 0}
