"""The forms on the wire: what is written is read back, what is not ours is refused in one line."""

import json

import pytest

from ledger import metadata
from ledger.metadata import CommitMetadata
from ledger.records import Selection, UnreadableLedgerError, decode, encode
from ledger.runs import Run, decode_run, encode_run
from tests.ledger.build import (
    START,
    cancelled,
    completed,
    paused,
    promoted,
    registered,
    requested,
    resumed,
    revoked,
)

EVERY_RECORD = [
    registered("a"),
    promoted("a"),
    revoked("a", "b", to="c"),
    revoked("a"),
    requested("r", "a", to="b", affected=[(0, 5, 9), (1, 0, 4)]),
    requested("r", "a", to="b", scope=Selection(partitions=(0,), published_from=START)),
    requested("r", "a", to="b", rate=500.0, canary_chunks=2),
    paused("r"),
    paused("r", canary=True),
    resumed("r"),
    cancelled("r"),
    completed("r"),
]


@pytest.mark.parametrize("record", EVERY_RECORD, ids=lambda record: record.type)
def test_a_record_comes_back_as_it_was_written(record) -> None:  # type: ignore[no-untyped-def]
    assert decode(encode(record)) == record


def test_a_record_has_the_fields_of_the_names_page_and_no_others() -> None:
    common = {"type", "at", "by", "reason"}
    plan = json.loads(encode(requested("r", "a", to="b", affected=[(3, 5, 9)], fences={3: 9})))
    assert plan.keys() == common | {
        "replay_id",
        "from_models",
        "with_model",
        "scope",
        "fences",
        "affected",
        "chunks",
    }
    assert plan["affected"] == [[3, 5, 9]]
    assert plan["fences"] == {"3": 9}
    assert plan["at"] == "2026-11-24T03:00:00.000Z"
    assert json.loads(encode(revoked("a"))).keys() == common | {"versions", "replacement"}


@pytest.mark.parametrize(
    "value", [None, b"", b"[]", b"{}", b'{"type":"Unheard"}', b"\xff", b'{"type":"ModelPromoted"}']
)
def test_what_is_not_a_record_is_refused_in_one_line(value: bytes | None) -> None:
    with pytest.raises(UnreadableLedgerError) as refusal:
        decode(value)
    assert "\n" not in str(refusal.value)


def test_unknown_fields_are_ignored() -> None:
    fields = json.loads(encode(promoted("a"))) | {"mood": "good"}
    assert decode(json.dumps(fields).encode()) == promoted("a")


RUN = Run(
    source_partition=3,
    from_offset=10,
    to_offset=90,
    epoch=7,
    model_version="v",
    replay_id="r",
    scored=60,
    dead=2,
    verdict_changes=((12, "refused"), (15, "scored")),
    verdict_changes_count=2,
)


def test_a_run_comes_back_as_it_was_written() -> None:
    assert decode_run(encode_run(RUN)) == RUN
    assert json.loads(encode_run(RUN))["verdict_changes"] == [[12, "refused"], [15, "scored"]]


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"[]",
        b"{}",
        b'{"source_partition": "x"}',
        b'{"source_partition":0,"from_offset":"1","to_offset":2,"epoch":3,"model_version":"v"}',
        b'{"source_partition":0,"from_offset":1,"to_offset":2,"epoch":3}',
        b'{"source_partition":0,"from_offset":1,"to_offset":2,"epoch":3,"model_version":"\xff"}',
        b'{"x":' + b"[" * 100_000,
    ],
)
def test_what_is_not_a_run_is_refused(value: bytes | None) -> None:
    with pytest.raises(UnreadableLedgerError):
        decode_run(value)


def test_the_commit_metadata_comes_back_as_it_was_written() -> None:
    open_run = CommitMetadata(epoch=7, run_from=100, scored=5, dead=1)
    assert json.loads(metadata.encode(open_run)) == {
        "epoch": 7,
        "run_from": 100,
        "scored": 5,
        "dead": 1,
    }
    assert metadata.parse(metadata.encode(open_run)) == open_run


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "moved by hand",
        "[]",
        '{"epoch": 1}',
        '{"epoch":true,"run_from":1,"scored":1,"dead":1}',
        '{"epoch":-1,"run_from":1,"scored":1,"dead":1}',
        "[" * 4000,
    ],
)
def test_metadata_that_no_worker_wrote_is_none(text: str | None) -> None:
    assert metadata.parse(text) is None
