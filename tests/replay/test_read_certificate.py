"""What is taken for a certificate, and that a changed one is not looked into any further."""

import json
from pathlib import Path
from typing import Any

import pytest

from broker.settings import KafkaSettings
from replay import verify as verifying
from replay.canonical import UnreadableCertificateError, canonical, read_certificate
from replay.verify import verify
from tests.ledger.build import ledger

GOOD: dict[str, Any] = {
    "replay_id": "r",
    "epoch": 8,
    "from_models": [{"version": "bad", "digest": "0"}],
    "affected": [[0, 0, 20], [0, 20, 30], [2, 4, 8]],
}


def read(folder: Path, text: str) -> dict[str, Any]:
    path = folder / "certificate.json"
    path.write_text(text)
    return read_certificate(path)


def test_ranges_in_order_are_taken_as_they_are(tmp_path: Path) -> None:
    assert read(tmp_path, canonical(GOOD).decode()) == GOOD


@pytest.mark.parametrize(
    "affected",
    [
        [[2, 4, 8], [0, 0, 20]],
        [[0, 20, 30], [0, 0, 20]],
        [[0, 0, 20], [0, 19, 30]],
        [[0, 5, 5]],
        [[0, 8, 5]],
        [[0, -1, 5]],
        [[-1, 0, 5]],
        [[0, 0, float("inf")]],
    ],
)
def test_ranges_that_no_replay_has_are_refused(tmp_path: Path, affected: Any) -> None:
    with pytest.raises(UnreadableCertificateError) as refused:
        read(tmp_path, json.dumps(GOOD | {"affected": affected}))
    assert refused.value.exit_code == 2
    assert "\n" not in str(refused.value)


def test_a_lone_surrogate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableCertificateError):
        read(tmp_path, json.dumps(GOOD | {"replay_id": "\ud800"}))


def test_nothing_is_read_for_a_certificate_that_the_ledger_disowns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(*_: Any) -> None:
        raise AssertionError("the source was opened")

    monkeypatch.setattr(verifying, "SourceReader", never)
    found = verify(KafkaSettings("nowhere:1"), GOOD, ledger())
    assert not found.verified
    assert found.checked == 0
    assert found.mismatch is not None
