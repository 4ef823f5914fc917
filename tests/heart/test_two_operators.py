"""Two operators decide at once: one wins, the other learns what happened in between."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from creneau import registry, revocation
from ledger.fold import LedgerState
from ledger.records import Record
from ledger.writer import LedgerConflict, append
from producer_contract.errors import CreneauError
from tests.heart.seen import look
from tests.replay.world import ReplayWorld

pytestmark = pytest.mark.kafka


@pytest.fixture
def models(world: ReplayWorld) -> ReplayWorld:
    """``bad`` in force, ``good`` and ``other`` registered."""
    world.start_with("bad")
    world.register("good", seed=1)
    world.register("other", seed=2)
    return world


def promote(world: ReplayWorld, version: str) -> None:
    registry.promote(world.kafka, world.store, version, reason="test")


def revoke(world: ReplayWorld, version: str, replacement: str) -> None:
    revocation.revoke(
        world.kafka,
        world.store,
        [version],
        replacement=replacement,
        pause_scoring=False,
        reason="flipped",
    )


def between(meanwhile: Callable[[], None]) -> Callable[..., list[int]]:
    """The ledger's ``append``, with another operator's whole decision between this one's reading
    and its commit, the first time."""
    over = threading.Event()

    def interrupted(kafka: Any, decide: Any, **keywords: Any) -> list[int]:
        def deciding(state: LedgerState) -> Sequence[Record]:
            records: Sequence[Record] = decide(state)
            if not over.is_set():
                over.set()
                meanwhile()
            return records

        return append(kafka, deciding, **keywords)

    return interrupted


def before(meanwhile: Callable[[], None]) -> Callable[..., list[int]]:
    """The ledger's ``append``, with another operator's whole decision before it takes the ledger
    over, but after this one has looked."""

    def late(*arguments: Any) -> list[int]:
        meanwhile()
        return append(*arguments)

    return late


def decisions(world: ReplayWorld) -> list[str]:
    """What was decided after the first promotion, in order."""
    kinds = [record["type"] for _, record in sorted(look(world.kafka).ledger.items())]
    return [kind for kind in kinds if kind != "ModelRegistered"][1:]


def test_a_promotion_that_a_revocation_overtakes_is_told_and_then_refused(
    models: ReplayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted = between(lambda: revoke(models, "good", "other"))
    monkeypatch.setattr(registry, "append", interrupted)
    with pytest.raises(LedgerConflict, match=r"ModelRevoked by .+@.+; yours was not written"):
        promote(models, "good")
    assert decisions(models) == ["ModelRevoked"]
    # Looking again, it is another question.
    with pytest.raises(registry.ModelRevokedError, match="can never be promoted"):
        promote(models, "good")
    assert models.state.in_force == "bad"


def test_a_revocation_that_a_promotion_overtakes_is_told_and_then_decides_anew(
    models: ReplayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted = between(lambda: promote(models, "other"))
    monkeypatch.setattr(revocation, "append", interrupted)
    with pytest.raises(LedgerConflict, match=r"ModelPromoted by .+@.+; yours was not written"):
        revoke(models, "bad", "good")
    assert decisions(models) == ["ModelPromoted"]
    revoke(models, "bad", "good")
    assert decisions(models) == ["ModelPromoted", "ModelRevoked"]
    # bad was not in force any more: what the other operator chose goes on.
    assert models.state.in_force == "other"


def test_who_has_looked_too_early_decides_again_on_the_ledger_as_it_is(
    models: ReplayWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    other_operator = before(lambda: revoke(models, "good", "other"))
    monkeypatch.setattr(registry, "append", other_operator)
    with pytest.raises(registry.ModelRevokedError, match="can never be promoted"):
        promote(models, "good")
    monkeypatch.undo()
    other_operator = before(lambda: promote(models, "other"))
    monkeypatch.setattr(revocation, "append", other_operator)
    with pytest.raises(revocation.NothingInForceError, match="'other' is in force"):
        revocation.revoke(
            models.kafka,
            models.store,
            ["other"],
            replacement=None,
            pause_scoring=False,
            reason="flipped",
        )
    assert decisions(models) == ["ModelRevoked", "ModelPromoted"]


def test_many_operators_at_once_write_only_what_they_were_told_was_written(
    models: ReplayWorld,
) -> None:
    together = threading.Barrier(4)

    def decide(number: int) -> tuple[str, str]:
        """The kind of decision, and what its operator was told went wrong."""
        kind = "ModelPromoted" if number % 2 else "ModelRevoked"
        together.wait()
        try:
            if number % 2:
                promote(models, "good")
            else:
                revoke(models, "good", "other")
        except CreneauError as error:
            return kind, str(error)
        return kind, ""

    with ThreadPoolExecutor(4) as operators:
        told = list(operators.map(decide, range(4)))
    assert all("\n" not in why for _, why in told)
    written = tuple(decisions(models))
    assert set(written) == {kind for kind, why in told if not why}
    in_force = {
        ("ModelPromoted",): "good",
        ("ModelRevoked",): "bad",
        ("ModelPromoted", "ModelRevoked"): "other",
    }
    assert models.state.in_force == in_force[written]
