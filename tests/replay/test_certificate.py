"""What is certified, and what is not."""

import hashlib
import json
import random

import pytest

from ledger.runs import Run
from replay.canonical import canonical, digest
from replay.certificate import NotCertifiableError, make_certificate
from tests.ledger.build import START, ledger, promoted, registered, requested, revoked

STATE = ledger(
    registered("bad"),
    registered("gut ü"),
    promoted("bad"),
    revoked("bad", to="gut ü"),
    requested(
        "r", "bad", to="gut ü", affected=[(0, 0, 20), (10, 4, 8)], fences={0: 20, 10: 8, 2: 0}
    ),
)
REPLAY = STATE.replays["r"]
RUNS = [
    Run(0, 10, 20, 8, "gut ü", "r", scored=4, dead=1, verdict_changes_count=1),
    Run(0, 0, 10, 8, "gut ü", "r", scored=5),
    Run(10, 4, 8, 8, "gut ü", "r", scored=2),
    Run(0, 0, 20, 4, "bad", scored=10),
]


def test_it_holds_the_fields_of_the_names_page() -> None:
    made = make_certificate(STATE, RUNS, REPLAY, START)
    assert json.loads(canonical(made)) == made
    assert made["from_models"] == [{"version": "bad", "digest": STATE.models["bad"].digest}]
    assert made["affected"] == [[0, 0, 20], [10, 4, 8]]
    assert [chunk["from_offset"] for chunk in made["chunks"]] == [0, 10, 4]
    assert made["totals"] == {"scored": 11, "dead": 1, "verdict_changes": 1}
    assert made["requested_at"] == made["completed_at"] == "2026-11-24T03:00:00.000Z"
    assert made.keys() == {
        "replay_id",
        "from_models",
        "with_model",
        "scope",
        "epoch",
        "fences",
        "affected",
        "chunks",
        "totals",
        "requested_at",
        "completed_at",
    }


def test_its_form_is_canonical_whatever_the_order_of_the_runs() -> None:
    made = make_certificate(STATE, RUNS, REPLAY, START)
    shuffled = random.Random(1).sample(RUNS, len(RUNS))
    again = make_certificate(STATE, shuffled, REPLAY, START)
    assert canonical(again) == canonical(made)
    assert digest(made) == hashlib.sha256(canonical(made)).hexdigest()
    assert b'"fences":{"0":20,"10":8,"2":0}' in canonical(made)
    assert "gut ü".encode() in canonical(made)
    assert b", " not in canonical(made)


@pytest.mark.parametrize(
    "runs",
    [
        RUNS[1:],
        RUNS[:2],
        [*RUNS, Run(0, 5, 8, 8, "gut ü", "r")],
        [*RUNS, Run(3, 0, 1, 8, "g", "r")],
    ],
    ids=["a chunk missing", "a partition missing", "an overlap", "one too many"],
)
def test_runs_that_are_not_the_affected_ranges_are_not_certified(runs: list[Run]) -> None:
    with pytest.raises(NotCertifiableError):
        make_certificate(STATE, runs, REPLAY, START)
