"""How an archive process stands: what it tells its pool."""

import time
from collections.abc import Callable, Iterable
from typing import Final

import structlog

from broker.clients import new_admin
from broker.log import high_watermarks
from broker.settings import KafkaSettings
from producer_contract.errors import UnavailableError
from warehouse.archive.membership import Key, Membership
from warehouse.archive.partition import Partition
from warehouse.archive.report import Counts, Lag, Report

_LOG = structlog.get_logger()

REPORT_SECONDS: Final = 1.0
ENDS_SECONDS: Final = 10.0
"""How often the cluster is asked where the logs end: what is not fetched now is behind, too."""


class Reporter:
    """Counts, and reports once a second. ``topics``: as on the cluster."""

    def __init__(
        self,
        kafka: KafkaSettings,
        instance: str,
        topics: Iterable[str],
        report: Callable[[Report], None],
    ) -> None:
        self.counts = Counts()
        self._kafka = kafka
        self._instance = instance
        self._topics = list(topics)
        self._report = report
        self._reported = 0.0
        self._ends: dict[Key, int] = {}
        self._ends_asked = 0.0

    def now_and_then(self, membership: Membership) -> None:
        """Report, if it is time."""
        now = time.monotonic()
        if now < self._reported + REPORT_SECONDS:
            return
        self._reported = now
        if now >= self._ends_asked + ENDS_SECONDS:
            self._ends_asked = now
            try:
                self._ask_for_ends(membership)
            except UnavailableError as error:
                # For a metric nobody ends: those of before are kept.
                _LOG.warning("the ends of the logs are not known", why=str(error))
        lag = [self._lag(key, one) for key, one in membership.partitions.items()]
        self._report(Report(self._instance, time.time(), _problem(membership), lag, self.counts))

    def _ask_for_ends(self, membership: Membership) -> None:
        admin = new_admin(self._kafka)
        for topic in self._topics:
            numbers = [number for name, number in membership.partitions if name == topic]
            for number, end in high_watermarks(admin, topic, numbers).items():
                self._ends[topic, number] = end

    def _lag(self, key: Key, one: Partition) -> Lag:
        behind = max(self._ends.get(key, 0), one.position) - one.standing.offset
        waits = one.budget_wait(time.time())
        return Lag(one.topic.table, one.number, max(0, behind), one.waited(), waits)


def _problem(membership: Membership) -> str | None:
    for one in membership.partitions.values():
        why = one.problem or one.trouble
        if why is not None:
            return f"{one.name}: {why}"
    return None if membership.joined else "joining the group"
