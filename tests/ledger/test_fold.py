"""What the ledger says after a history of decisions."""

from hypothesis import given
from hypothesis import strategies as st

from ledger.fold import EMPTY, ReplayState, fold
from ledger.records import Record
from tests.ledger.build import (
    cancelled,
    completed,
    ledger,
    paused,
    promoted,
    registered,
    requested,
    resumed,
    revoked,
)
from tests.ledger.naive import NaiveLedger, assert_says


def test_an_empty_ledger_has_no_epoch_and_nothing_in_force() -> None:
    assert EMPTY.epoch is None
    assert EMPTY.in_force is None
    assert EMPTY.active_replay is None


def test_a_promotion_is_an_epoch_and_brings_the_model_into_force() -> None:
    state = ledger(registered("a"), promoted("a"))
    assert (state.epoch, state.in_force, state.end) == (2, "a", 3)


def test_a_model_that_is_not_registered_is_not_promoted() -> None:
    state = ledger(promoted("nobody"))
    assert (state.epoch, state.in_force) == (None, None)


def test_a_version_is_registered_once() -> None:
    state = ledger(registered("a", minute=0), registered("a", minute=9))
    assert state.models["a"].registered_at == 0


def test_the_replacement_takes_over_from_a_revoked_model_in_force() -> None:
    state = ledger(registered("a"), registered("b"), promoted("a"), revoked("a", to="b"))
    assert (state.epoch, state.in_force) == (6, "b")
    assert state.models["a"].revoked_at == 6
    assert state.revoked == {"a"}


def test_without_a_replacement_scoring_pauses() -> None:
    state = ledger(registered("a"), promoted("a"), revoked("a"))
    assert (state.epoch, state.in_force) == (4, None)


def test_the_only_model_cannot_replace_itself() -> None:
    assert ledger(registered("a"), promoted("a"), revoked("a", to="a")).in_force is None


def test_revoking_a_model_that_is_not_in_force_is_an_epoch_and_ignores_the_replacement() -> None:
    state = ledger(
        registered("a"), registered("b"), registered("c"), promoted("b"), revoked("a", to="c")
    )
    assert (state.epoch, state.in_force) == (8, "b")


def test_several_models_from_the_same_bad_data_go_in_one_record() -> None:
    state = ledger(
        registered("a"), registered("b"), registered("c"), promoted("b"), revoked("a", "b", to="c")
    )
    assert state.in_force == "c"
    assert state.revoked == {"a", "b"}


def test_a_revoked_model_never_comes_back_but_its_artifact_may_under_a_new_name() -> None:
    state = ledger(registered("a"), promoted("a"), revoked("a"), promoted("a"))
    assert (state.epoch, state.in_force) == (4, None)
    mended = ledger(
        registered("a"), promoted("a"), revoked("a"), registered("a-again"), promoted("a-again")
    )
    assert mended.in_force == "a-again"


def test_what_was_in_force_at_an_epoch() -> None:
    state = ledger(registered("a"), registered("b"), promoted("a"), promoted("b"), revoked("b"))
    assert [state.in_force_at_epoch(e) for e in (0, 4, 5, 6, 8, 99)] == [
        None,
        "a",
        "a",
        "b",
        None,
        None,
    ]


MODELS = (registered("bad"), registered("good"), promoted("bad"), revoked("bad", to="good"))


def test_a_replay_is_active_until_it_is_completed_or_cancelled() -> None:
    request = requested("r", "bad", to="good")
    running = ledger(*MODELS, request)
    assert running.active_replay is not None
    assert (running.active_replay.epoch, running.active_replay.state) == (8, ReplayState.RUNNING)
    assert ledger(*MODELS, request, completed("r")).active_replay is None
    assert ledger(*MODELS, request, cancelled("r")).active_replay is None


def test_a_replay_is_not_an_epoch_of_live_scoring() -> None:
    state = ledger(*MODELS, requested("r", "bad", to="good"))
    assert (state.epoch, state.in_force) == (6, "good")


def test_a_replay_pauses_and_resumes() -> None:
    request = requested("r", "bad", to="good")
    assert ledger(*MODELS, request, paused("r")).replays["r"].state is ReplayState.PAUSED
    again = ledger(*MODELS, request, paused("r"), resumed("r")).replays["r"]
    assert (again.state, again.canary_accepted) == (ReplayState.RUNNING, False)
    at_canary = ledger(*MODELS, request, paused("r", canary=True))
    assert at_canary.replays["r"].at_canary
    accepted = fold(at_canary, at_canary.end, resumed("r")).replays["r"]
    assert (accepted.at_canary, accepted.canary_accepted) == (False, True)


def test_only_one_replay_is_active_at_a_time() -> None:
    first, second = requested("r", "bad", to="good"), requested("s", "bad", to="good")
    assert set(ledger(*MODELS, first, second).replays) == {"r"}
    assert set(ledger(*MODELS, first, cancelled("r"), second).replays) == {"r", "s"}


def test_the_second_completion_changes_nothing() -> None:
    state = ledger(
        *MODELS,
        requested("r", "bad", to="good"),
        completed("r", "a" * 64),
        completed("r", "b" * 64),
    )
    certificate = state.replays["r"].completed
    assert certificate is not None
    assert certificate.certificate == "a" * 64


def test_a_replay_whose_replacement_was_revoked_is_only_ever_cancelled() -> None:
    request = requested("r", "bad", to="good")
    stuck = ledger(*MODELS, request, revoked("good"), completed("r"))
    assert stuck.replays["r"].state is ReplayState.RUNNING
    done = ledger(*MODELS, request, revoked("good"), completed("r"), cancelled("r"))
    assert done.replays["r"].state is ReplayState.CANCELLED


VERSIONS = st.sampled_from("abc")
IDS = st.sampled_from("rs")
RECORDS = st.one_of(
    st.builds(registered, VERSIONS),
    st.builds(promoted, VERSIONS),
    st.builds(
        lambda versions, to: revoked(*versions, to=to),
        st.lists(VERSIONS, min_size=1, max_size=2),
        st.none() | VERSIONS,
    ),
    st.builds(lambda one, version, to: requested(one, version, to=to), IDS, VERSIONS, VERSIONS),
    st.builds(lambda one, canary: paused(one, canary=canary), IDS, st.booleans()),
    st.builds(resumed, IDS),
    st.builds(cancelled, IDS),
    st.builds(completed, IDS, st.sampled_from(["a" * 64, "b" * 64])),
)


@given(st.lists(RECORDS, min_size=10, max_size=30))
def test_any_records_valid_or_not_come_to_what_one_would_note_down(records: list[Record]) -> None:
    state, naive = EMPTY, NaiveLedger()
    for place, record in enumerate([registered("a"), registered("b"), *records]):
        state = fold(state, 2 * place, record)
        naive.note(2 * place, record)
        assert state.end == 2 * place + 1
        assert_says(state, naive)
