"""What an order stands for."""

import pytest

from ledger.fold import UnknownVersionError
from producer_contract.errors import CreneauError
from replay.errors import (
    LedgerMovedError,
    NotAReplacementError,
    NotRevokedError,
    ReplayActiveError,
    UnusableReplacementError,
)
from replay.request import (
    Order,
    models_to_replay,
    refuse_moved,
    refuse_unusable_models,
)
from replay.selection import beginnings
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


@pytest.mark.parametrize(
    ("from_models", "with_model", "error", "code"),
    [
        (["bad"], "nobody", UnknownVersionError, 3),
        (["nobody"], "good", UnknownVersionError, 3),
        (["good"], "bad", UnusableReplacementError, 3),
        (["good"], "good", NotAReplacementError, 2),
    ],
)
def test_an_unknown_or_revoked_version_has_one_exit_code_and_a_wrong_order_another(
    from_models: list[str], with_model: str, error: type[CreneauError], code: int
) -> None:
    with pytest.raises(error) as refused:
        models_to_replay(ledger(*BEFORE), Order(with_model, tuple(from_models)))
    assert refused.value.exit_code == code
    with pytest.raises(error):
        refuse_unusable_models(ledger(*BEFORE), frozenset(from_models), with_model)


def test_a_model_that_may_still_score_is_revoked_first() -> None:
    refuse_unusable_models(ledger(*BEFORE), frozenset({"good"}), "better")
    with pytest.raises(NotRevokedError, match="creneau model revoke good"):
        models_to_replay(ledger(*BEFORE), Order("better", ("good",)))


def test_another_operators_replay_is_in_the_way() -> None:
    now = ledger(*BEFORE, requested("r", "bad", to="good", affected=[(0, 0, 9)], chunks=1))
    with pytest.raises(ReplayActiveError):
        refuse_moved(now, ORDER, FROM)


def test_a_selection_begins_at_its_time_where_an_earlier_event_is_still_kept() -> None:
    assert beginnings({0: 8, 1: 30}, {0: 7, 1: 0}) == {0: 8, 1: 30}


def test_where_the_first_event_kept_is_late_enough_what_is_gone_is_selected_too() -> None:
    assert beginnings({0: 7, 1: 0}, {0: 7, 1: 0}) == {0: 0, 1: 0}
