"""The in-force map and the plan: pure functions of what the command has read."""

from functools import cache

from .decisions import Chunk, Ledger, in_force, revoked
from .rules import Rule, Rules
from .state import Committed, Output, Run

# By source offset: the epoch and the model of the newest outcome.
InForce = dict[int, tuple[int, str]]


def from_runs(
    ledger: Ledger, partition: int, runs: tuple[Run, ...], committed: Committed | None
) -> InForce:
    """The in-force map of a partition from its closed runs and the open one in the metadata."""
    newest: InForce = {}
    for run in sorted(runs, key=lambda run: run.epoch):
        if run.partition == partition:
            newest.update((k, (run.epoch, run.model)) for k in range(run.start, run.end))
    if committed is not None and committed.meta is not None:
        epoch = committed.meta.epoch
        model = str(in_force(ledger, epoch))
        for k in range(committed.meta.run_from, committed.offset):
            if k not in newest or newest[k][0] <= epoch:
                newest[k] = (epoch, model)
    return newest


def from_outputs(outputs: tuple[Output, ...]) -> InForce:
    """The in-force map of a partition from a scan of its outputs."""
    newest: InForce = {}
    for output in outputs:
        if output.offset not in newest or newest[output.offset][0] <= output.epoch:
            newest[output.offset] = (output.epoch, output.model)
    return newest


def applied(outputs: tuple[Output, ...]) -> InForce:
    """What a reader holds: the newest output, since a dead letter never reaches it."""
    return from_outputs(tuple(output for output in outputs if not output.dead))


def needs_scan(partition: int, runs: tuple[Run, ...], committed: Committed | None) -> bool:
    """Whether the partition was reset, or has offsets after its first run that no run covers."""
    own = [run for run in runs if run.partition == partition]
    if any(run.reset for run in own):
        return True
    covered = {k for run in own for k in range(run.start, run.end)}
    starts = [run.start for run in own]
    if committed is not None and committed.meta is not None:
        covered.update(range(committed.meta.run_from, committed.offset))
        starts.append(committed.meta.run_from)
    end = max(covered, default=-1) + 1
    return bool(starts) and covered != set(range(min(starts), end))


@cache
def affected(
    ledger: Ledger,
    rules: Rules,
    from_models: tuple[str, ...],
    partition: int,
    runs: tuple[Run, ...],
    outputs: tuple[Output, ...],
    committed: Committed | None,
) -> tuple[int, ...]:
    """The offsets to score again, ascending: of runs, and of outputs where a scan is needed."""
    newest = from_runs(ledger, partition, runs, committed)
    found = {k for k, (_, model) in newest.items() if model in from_models}
    if Rule.GAPS_ARE_SCANNED in rules and needs_scan(partition, runs, committed):
        scanned = from_outputs(outputs)
        newer = {k for k in scanned if k not in newest or newest[k][0] < scanned[k][0]}
        found -= newer
        found |= {k for k in newer if scanned[k][1] in from_models}
        if Rule.DEAD_LETTERS_COVER_NOTHING in rules:
            held = applied(outputs)
            found |= {k for k, (_, model) in held.items() if model in from_models}
    if Rule.NEWEST_REPLAY_COUNTS in rules:
        replays = from_runs(ledger, partition, tuple(run for run in runs if run.replay), None)
        found |= {k for k, (_, model) in replays.items() if model in from_models}
    return tuple(sorted(found))


@cache
def chunks(partition: int, offsets: tuple[int, ...], size: int) -> tuple[Chunk, ...]:
    """Whole ranges of at most `size` offsets, newest first."""
    ranges: list[Chunk] = []
    for k in offsets:
        if ranges and ranges[-1].end == k and k - ranges[-1].start < size:
            ranges[-1] = ranges[-1]._replace(end=k + 1)
        else:
            ranges.append(Chunk(partition, k, k + 1))
    return tuple(reversed(ranges))


def models_to_replace(ledger: Ledger, revocation: int, every: bool) -> tuple[str, ...]:
    """The models a replay plans from: all ever revoked, or only those of the last revocation."""
    if every:
        return tuple(sorted(revoked(ledger, len(ledger))))
    return tuple(sorted(revoked(ledger, revocation + 1) - revoked(ledger, revocation)))
