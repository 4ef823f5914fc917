"""Taking over partitions that the group gives to this process: where each goes on, and its share of
the quotas."""

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import structlog

from broker.settings import KafkaSettings
from producer_contract.errors import UnavailableError
from warehouse.archive.budget import Budget
from warehouse.archive.jobs import Jobs
from warehouse.archive.loading import is_done, void, why_refused
from warehouse.archive.membership import Key
from warehouse.archive.partition import ArchivedTopic, Partition
from warehouse.archive.placing import Placing, Ranges
from warehouse.archive.plan import Plan, Standing
from warehouse.archive.settings import ArchiveSettings
from warehouse.archive.targets import budgets

_LOG = structlog.get_logger()

SHARES_SECONDS: Final = 60.0


class TakingOver:
    """Makes the partitions of one process. ``topics``: by their names on the cluster."""

    def __init__(
        self,
        kafka: KafkaSettings,
        settings: ArchiveSettings,
        topics: Mapping[str, ArchivedTopic],
        *,
        jobs: Jobs,
        ranges: Ranges,
    ) -> None:
        self._kafka = kafka
        self._settings = settings
        self._topics = topics
        self._jobs = jobs
        self._shared_at = time.monotonic()
        self._placing = Placing(
            kafka,
            ranges=ranges,
            done=self._is_done,
            void=self._void,
            accept_lost=settings.accept_lost,
        )

    def __call__(self, keys: list[Key], held: Iterable[Partition]) -> dict[Key, Partition]:
        """The partitions of ``keys``, placed. Those ``held`` get their share of now.

        Raises:
            UnavailableError: Kafka or BigQuery did not answer.
        """
        shares = self._share_out(held)

        def of_topic(topic: str) -> list[Partition]:
            numbers = sorted(number for name, number in keys if name == topic)
            return self._placed(self._topics[topic], numbers, shares[topic])

        # The group waits for us meanwhile: all topics at once.
        with ThreadPoolExecutor(len(self._topics)) as asking:
            found = [
                one for ones in asking.map(of_topic, {name for name, _ in keys}) for one in ones
            ]
        for one in found:
            _say(one)
        return {(one.topic.topic, one.number): one for one in found}

    def renew_shares(self, held: Iterable[Partition]) -> None:
        """Once a minute, give those ``held`` their share of now: partitions that were added may
        have been given to others, and nothing else tells us of them."""
        if time.monotonic() < self._shared_at + SHARES_SECONDS:
            return
        try:
            self._share_out(held)
        except UnavailableError as error:
            self._shared_at = time.monotonic()
            _LOG.warning("the numbers of partitions are not known", why=str(error))

    def _share_out(self, held: Iterable[Partition]) -> dict[str, Budget]:
        shares = budgets(self._kafka, self._topics)
        for one in held:
            one.budget = shares[one.topic.topic]
        self._shared_at = time.monotonic()
        return shares

    def _placed(self, topic: ArchivedTopic, numbers: list[int], share: Budget) -> list[Partition]:
        return [
            Partition(
                topic,
                number,
                found.standing,
                share,
                committed=found.committed,
                problem=found.problem,
                passes=found.passes,
                most_bytes=self._settings.batch_megabytes * 1_000_000,
                why=self._why_refused(topic, number, found.standing),
            )
            for number, found in self._placing(topic, numbers).items()
        ]

    def _why_refused(self, topic: ArchivedTopic, partition: int, standing: Standing) -> str:
        plan = standing.plan
        if plan is None or not plan.refused:
            return ""
        return refused_by_bigquery(why_refused(self._jobs, topic.table, partition, plan, topic.of))

    def _is_done(self, topic: ArchivedTopic, partition: int, plan: Plan) -> bool:
        return is_done(self._jobs, topic.table, partition, plan, topic.of)

    def _void(self, topic: ArchivedTopic, partition: int, plan: Plan) -> None:
        void(self._jobs, topic.table, partition, plan, topic.of)


def refused_by_bigquery(why: str | None) -> str:
    """The reason of a row in ``archive_refused``."""
    return f"BigQuery refused the row: {why}" if why else "BigQuery refused the row"


def _say(one: Partition) -> None:
    if one.problem is not None:
        _LOG.error("partition waits", partition=one.name, why=one.problem)
    else:
        _LOG.info("partition goes on", partition=one.name, offset=one.standing.offset)
