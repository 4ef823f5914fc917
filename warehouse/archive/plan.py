"""What the archive knows of one partition, and how it changes. Pure.

It is the group's committed offset with its metadata: nothing else is kept anywhere. A job id is
only ever sent when the plan that it follows from is committed, and a plan is only ever replaced
when its job has failed for good. So the same id always means the same rows.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import msgspec

Span = tuple[int, int]
"""Offsets ``[from, to)``."""

MOST_REFUSED_SPANS: Final = 100
"""Spans of refused records in one plan: commit metadata has room for 4,096 bytes."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Until when (seconds since 1970) what was spent of each budget counts. See ``budget``."""

    jobs: int = 0
    modifications: int = 0
    refused_jobs: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """Load ``[start, end)``, the ``refused`` spans of it into ``archive_refused``.

    ``attempt`` and ``refused_attempt`` number the jobs of the two tables: each goes up when a job
    has failed. Every refused span begins at a refused record, and ends where the next record that
    is not refused begins, or with the range.
    """

    start: int
    end: int
    refused: tuple[Span, ...] = ()
    attempt: int = 1
    refused_attempt: int = 1

    @property
    def loaded(self) -> list[Span]:
        """The spans that go into the table itself: what the refused ones leave."""
        edges = [self.start, *(edge for span in self.refused for edge in span), self.end]
        return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]

    def again(self) -> Self:
        """After a job that failed, though not for its rows."""
        return replace(self, attempt=self.attempt + 1)

    def refused_again(self) -> Self:
        """The same for the job of the refused records."""
        return replace(self, refused_attempt=self.refused_attempt + 1)

    def refusing(self, refused: Sequence[Span]) -> Self:
        """After a job whose rows were refused, and one knows which."""
        return replace(self, refused=tuple(refused), attempt=self.attempt + 1)

    def up_to(self, end: int) -> Self:
        """After a job whose rows were refused, and one does not know which: a smaller range."""
        if not self.start < end < self.end:
            raise ValueError(f"{end} does not lie within {self}")
        refused = tuple((a, min(b, end)) for a, b in self.refused if a < end)
        return replace(self, end=end, refused=refused, attempt=1, refused_attempt=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """A partition: the next offset to archive, what is planned from there, what is spent.

    ``since`` is at or before ``offset``: between the two lies nothing but transaction markers, so
    the next range vouches for that too. ``limit``: what follows from there on is archived already
    (see ``coverage``); None, as nearly always: nothing does.
    """

    offset: int
    since: int
    spent: Spent = Spent()
    plan: Plan | None = None
    limit: int | None = None

    @property
    def at_its_limit(self) -> bool:
        return self.limit is not None and self.offset >= self.limit

    def planning(self, plan: Plan, spent: Spent) -> Self:
        """With a plan, and with what its jobs will have cost."""
        return replace(self, plan=plan, spent=spent)

    def past(self) -> Self:
        """Behind the plan, which is done."""
        assert self.plan is not None
        return replace(self, offset=self.plan.end, since=self.plan.end, plan=None)

    def idle_at(self, end: int) -> Self:
        """Past the markers at the end of the log; nothing is planned."""
        return replace(self, offset=end)


class _Metadata(msgspec.Struct, omit_defaults=True):
    """``plan``: end, attempt, refused_attempt, then the edges of the refused spans."""

    archive: int
    since: int
    spent: tuple[int, int, int] = (0, 0, 0)
    plan: list[int] | None = None
    limit: int | None = None


_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(_Metadata)
_VERSION: Final = 1


def encode(standing: Standing) -> str:
    """The commit metadata of the group ``creneau-archive``."""
    spent, plan = standing.spent, standing.plan
    planned = None
    if plan is not None:
        edges = [edge for span in plan.refused for edge in span]
        planned = [plan.end, plan.attempt, plan.refused_attempt, *edges]
    counts = (spent.jobs, spent.modifications, spent.refused_jobs)
    read = _Metadata(_VERSION, standing.since, counts, planned, standing.limit)
    return _encode(read).decode()


def parse(offset: int, metadata: str) -> Standing | None:
    """The standing of a partition with this committed offset; None: the metadata is not ours."""
    try:
        read = _decoder.decode(metadata.encode())
    except msgspec.DecodeError:
        return None
    if read.archive != _VERSION or read.since > offset:
        return None
    plan = None
    if read.plan is not None:
        end, attempt, refused_attempt, *edges = read.plan
        refused = tuple(zip(edges[::2], edges[1::2], strict=True))
        plan = Plan(read.since, end, refused, attempt, refused_attempt)
    return Standing(offset, read.since, Spent(*read.spent), plan, read.limit)


def refused_spans(start: int, end: int, good: Sequence[int], bad: Sequence[int]) -> list[Span]:
    """The refused spans of ``[start, end)``, whose records are ``good`` and ``bad`` (in order).

    Each is as long as can be, so that what is left begins at a good record. Takes time and memory
    by the spans, not by the records: of those there are millions.
    """
    spans: list[Span] = []
    place = 0
    while place < len(bad):
        follows = bisect_left(good, bad[place])
        stop = good[follows] if follows < len(good) else end
        spans.append((bad[place] if follows else start, stop))
        place = bisect_left(bad, stop)
    return spans
