"""Keeping to BigQuery's quotas, whatever the number of processes. Pure: time is a parameter.

Every partition has a fixed share of each table's quota, for it has one owner at a time. A share is
a bucket that is refilled steadily; how far it is spent is one number, the time at which it will be
full again (the generic cell rate algorithm), and that is committed with the partition's offset. So
it survives a restart and moves with the partition, and nobody has to count jobs.

Quotas (https://cloud.google.com/bigquery/quotas, read in November 2026), per table and day: 1,500
load jobs, failed ones included; 30,000 modifications of partitions, a job costing as many as it has
days; at most 4,000 days in one job. They go with the table's name: dropping it gives none back. DML
costs nothing.
"""

import math
from dataclasses import dataclass
from typing import Final, Self

from producer_contract.errors import BadUseError
from warehouse.archive.plan import Spent

JOBS_PER_DAY: Final = 1_500
MODIFICATIONS_PER_DAY: Final = 30_000
DAYS_PER_JOB: Final = 4_000

AT_ONCE: Final = 1 / 3
"""The part of a day's share that may go at once; the rest is refilled over the day."""

OURS: Final = 1 / (1 + AT_ONCE)
"""The part of a quota that is shared out. What is left goes where buckets begin full though their
table has been loaded into: partitions were added, a topic was made anew, the group was moved by
hand. So no day has more than the quota even then."""

LEAST: Final = 3.0
"""The smallest share of a quota, per day: one at once, so that a bucket holds a job, and the next
after twelve hours at most. A smaller one would wait for days, at its end for a year."""

DAY: Final = 86_400.0


class TooManyPartitionsError(BadUseError):
    """BigQuery's quotas do not stretch to so many partitions."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """``burst`` may be spent at once, ``per_day`` more over a day."""

    burst: float
    per_day: float

    @classmethod
    def share(cls, quota: int, sharers: int) -> Self:
        """The share of one of ``sharers``: in no 24 hours do they spend more than the quota, also
        where their number changes in these, and new ones begin with nothing spent.

        A partition that has spent a part of its share has spent the same part of a smaller one:
        ``spent_until`` needs no converting, for the buckets of all shares are full after as long.

        Raises:
            ValueError: not even ``LEAST`` for each.
        """
        if sharers > _most_sharers(quota):
            raise ValueError(f"{quota} a day do not stretch to {sharers}")
        mine = quota * OURS / sharers
        burst = mine * AT_ONCE
        return cls(burst, mine - burst)

    def ready_at(self, spent_until: float, cost: float) -> float:
        """From when on ``cost`` (at most ``burst``) may be spent."""
        return spent_until - (self.burst - cost) * DAY / self.per_day

    def spend(self, spent_until: float, cost: float, now: float) -> int:
        """Until when it is spent after that."""
        return math.ceil(max(spent_until, now) + cost * DAY / self.per_day)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a range costs: jobs of its table and of ``archive_refused``, and partitions modified."""

    jobs: int
    modifications: int
    refused_jobs: int


@dataclass(frozen=True, slots=True)
class Budget:
    """The shares of one partition."""

    jobs: Bucket
    modifications: Bucket
    refused_jobs: Bucket

    @classmethod
    def of(cls, partitions: int, tables: int) -> Self:
        """Of one of a topic's ``partitions``, where ``tables`` tables have refused records.

        Raises:
            TooManyPartitionsError: the quotas do not stretch to them.
        """
        most = _most_sharers(JOBS_PER_DAY) // tables
        if partitions > most:
            raise TooManyPartitionsError(
                f"a topic of {partitions} partitions cannot be archived, at most {most} can: "
                f"{tables} topics share BigQuery's {JOBS_PER_DAY:,} jobs a day of archive_refused, "
                f"and each partition needs {LEAST:.0f}; make the topics anew with fewer (none ever "
                "shrinks), or do without the archive and let Kafka keep the events for longer "
                "(retention.ms)"
            )
        return cls(
            Bucket.share(JOBS_PER_DAY, partitions),
            Bucket.share(MODIFICATIONS_PER_DAY, partitions),
            Bucket.share(JOBS_PER_DAY, partitions * tables),
        )

    @property
    def most_days(self) -> int:
        """The most days that one job may have."""
        return min(DAYS_PER_JOB, int(self.modifications.burst))

    def ready_at(self, spent: Spent, cost: Cost) -> float:
        """From when on all of the cost may be spent (seconds since 1970)."""
        return max(
            self.jobs.ready_at(spent.jobs, cost.jobs),
            self.modifications.ready_at(spent.modifications, cost.modifications),
            self.refused_jobs.ready_at(spent.refused_jobs, cost.refused_jobs),
        )

    def spend(self, spent: Spent, cost: Cost, now: float) -> Spent:
        """What is spent after that."""
        return Spent(
            self.jobs.spend(spent.jobs, cost.jobs, now) if cost.jobs else spent.jobs,
            self.modifications.spend(spent.modifications, cost.modifications, now)
            if cost.modifications
            else spent.modifications,
            self.refused_jobs.spend(spent.refused_jobs, cost.refused_jobs, now)
            if cost.refused_jobs
            else spent.refused_jobs,
        )


def _most_sharers(quota: int) -> int:
    return round(quota * OURS) // round(LEAST)
