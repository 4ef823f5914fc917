"""The certificate: what was replayed, from what to what, to the offset.

A pure function of the ledger and the runs: anybody can make it again and compare digests.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from typing import Any

from ledger.fold import LedgerState, Replay
from ledger.in_force import merged
from ledger.records import Interval, Selection, utc_text
from ledger.runs import Run, of_replay
from producer_contract.errors import UnavailableError
from replay.canonical import Certificate


class NotCertifiableError(UnavailableError):
    """The runs of the replay do not cover exactly what was affected."""


def make_certificate(
    state: LedgerState, runs: Iterable[Run], replay: Replay, completed_at: datetime
) -> Certificate:
    """The certificate of ``replay``.

    Raises:
        NotCertifiableError: its runs overlap, or their union is not the affected ranges.
    """
    request = replay.request
    own = sorted(
        of_replay(runs, request.replay_id), key=lambda run: (run.source_partition, run.from_offset)
    )
    check_cover(request.affected, own)
    return {
        "replay_id": request.replay_id,
        "from_models": [_model(state, version) for version in sorted(request.from_models)],
        "with_model": _model(state, request.with_model),
        "scope": _scope(request.scope),
        "epoch": replay.epoch,
        "fences": {str(partition): offset for partition, offset in request.fences.items()},
        "affected": [list(interval) for interval in request.affected],
        "chunks": [
            {
                "source_partition": run.source_partition,
                "from_offset": run.from_offset,
                "to_offset": run.to_offset,
                "scored": run.scored,
                "dead": run.dead,
            }
            for run in own
        ],
        "totals": {
            "scored": sum(run.scored for run in own),
            "dead": sum(run.dead for run in own),
            "verdict_changes": sum(run.verdict_changes_count for run in own),
        },
        "requested_at": utc_text(request.at),
        "completed_at": utc_text(completed_at),
    }


def check_cover(affected: Iterable[Interval], runs: list[Run]) -> None:
    """See that the runs of a replay are the affected ranges, to the offset, each once.

    Raises:
        NotCertifiableError: says where they are not.
    """
    wanted = list(affected)
    for before, after in pairwise(runs):
        same = before.source_partition == after.source_partition
        if same and after.from_offset < before.to_offset:
            raise NotCertifiableError(
                f"two runs of the replay overlap in partition {after.source_partition} at offset "
                f"{after.from_offset}: it cannot be certified; cancel it and start another"
            )
    if union_of_runs(runs) != wanted:
        raise NotCertifiableError(
            "the runs of the replay are not exactly its affected ranges: it is not done, or not "
            "certifiable; creneau replay status"
        )


def union_of_runs(runs: Iterable[Run]) -> list[Interval]:
    """What the runs cover, in order, neighbours merged."""
    by_partition: dict[int, list[tuple[int, int]]] = {}
    for run in runs:
        by_partition.setdefault(run.source_partition, []).append((run.from_offset, run.to_offset))
    return [
        Interval(partition, start, end)
        for partition in sorted(by_partition)
        for start, end in merged(by_partition[partition])
    ]


def _model(state: LedgerState, version: str) -> dict[str, str]:
    return {"version": version, "digest": state.models[version].digest}


def _scope(scope: Any) -> Any:
    return scope.model_dump(mode="json") if isinstance(scope, Selection) else scope
