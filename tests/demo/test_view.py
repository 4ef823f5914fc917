"""What the view shows of the story, for a newcomer."""

from creneau.demo.standing import Standing
from creneau.demo.view import facts_of
from creneau.demo.watch import Glance
from ledger.fold import Decision, LedgerState
from replay.status import ReplayStatus

GLANCE = Glance(
    published=900,
    scored=880,
    dead_lettered=2,
    held={"demo-1": 600, "demo-2": 280},
    rate=298.7,
    latency_ms=81.2,
)


def test_before_any_decision_no_model_is_named() -> None:
    facts = facts_of(Glance(0, 0, 0, {}, 0.0, None), Standing())
    assert facts["model"] == facts["latency"] == "-"
    assert not {"held from demo-2", "replay"} & facts.keys()


def test_the_model_in_force_its_epoch_and_what_is_held_of_the_bad_one_are_shown() -> None:
    ledger = LedgerState(decisions=(Decision(6, None, "demo-2"),))  # type: ignore[arg-type]
    facts = facts_of(GLANCE, Standing(ledger))
    assert facts["model"] == "demo-2 (epoch 6)"
    assert facts["held from demo-2"] == "280 slots"
    assert (facts["lag"], facts["rate"]) == ("18", "299/s")


def test_a_governed_replay_says_why_it_waits() -> None:
    status = ReplayStatus(
        id="r",
        state="governed",
        affected=280,
        corrected=120,
        rate=40.0,
        seconds_left=4.0,
        live_lag=20_000,
        by_partition={},
        why="live scoring is 1.4 s behind in partition 3",
    )
    shown = facts_of(GLANCE, Standing(replay=status))["replay"]
    assert shown.startswith("governed · 120 of 280")
    assert "1.4 s behind in partition 3" in shown
