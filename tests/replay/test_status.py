"""What is shown of a replay."""

from ledger.runs import Run
from replay.counts import count_events
from replay.governor import GO_ON, LiveReading, Verdict
from replay.status import describe, shown_state
from tests.ledger.build import (
    START,
    ledger,
    paused,
    promoted,
    registered,
    requested,
    revoked,
)

MODELS = (registered("bad"), registered("good"), promoted("bad"), revoked("bad", to="good"))
REQUEST = requested("r", "bad", to="good", affected=[(0, 0, 20)], chunks=2)
STATE = ledger(*MODELS, REQUEST)
REPLAY = STATE.replays["r"]
LIVE = Run(0, 0, 20, 4, "bad", scored=9, dead=1)
AT = int(START.timestamp() * 1_000)


def test_progress_is_counted_in_events() -> None:
    timed = [(AT - 9_000, LIVE), (AT + 2_000, Run(0, 10, 20, 8, "good", "r", scored=4))]
    affected = count_events(REQUEST.affected, [LIVE])
    shown = describe(REPLAY, timed, affected, LiveReading({0: 3}, {}), "running", "", AT + 4_000)
    assert (shown.affected, shown.corrected, shown.live_lag) == (10, 4, 3)
    assert (shown.rate, shown.seconds_left) == (1.0, 6.0)
    assert shown.as_json().keys() == {
        "id",
        "state",
        "affected",
        "corrected",
        "rate",
        "seconds_left",
        "live_lag",
        "by_partition",
    }
    assert shown.by_partition == {"0": {"affected": 10, "corrected": 4}}


def test_the_states() -> None:
    stop = Verdict(True, "live scoring is behind")
    assert shown_state(REPLAY, STATE, GO_ON, draining=False) == ("running", "")
    assert shown_state(REPLAY, STATE, stop, draining=False)[0] == "governed"
    assert shown_state(REPLAY, STATE, GO_ON, draining=True)[0] == "draining"
    held = ledger(*MODELS, REQUEST, paused("r"))
    assert shown_state(held.replays["r"], held, stop, draining=False)[0] == "paused"
    stuck = ledger(*MODELS, REQUEST, revoked("good"))
    state, why = shown_state(stuck.replays["r"], stuck, GO_ON, draining=False)
    assert (state, "cancel" in why) == ("paused", True)


def test_where_a_range_cuts_a_run_the_count_is_an_estimate() -> None:
    whole = count_events(REQUEST.affected, [LIVE])
    assert (whole.events, whole.by_model, whole.estimated) == (10, {"bad": 10.0}, False)
    cut = count_events([REQUEST.affected[0]._replace(to_offset=10)], [LIVE])
    assert (cut.events, cut.estimated) == (5, True)
