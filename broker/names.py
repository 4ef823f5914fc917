"""Topics, groups and transactional ids as they are called on the cluster.

``prefix`` (the setting ``CRENEAU_PREFIX``) goes before every one of them, so that environments and
parallel tests can share a cluster.
"""

from dataclasses import dataclass

from producer_contract import topics


@dataclass(frozen=True, slots=True)
class Names:
    """Every name that Créneau uses on a cluster."""

    prefix: str = ""

    @property
    def slot_created(self) -> str:
        return self.prefix + topics.SLOT_CREATED

    @property
    def slot_probability(self) -> str:
        return self.prefix + topics.SLOT_PROBABILITY

    @property
    def dead_letters(self) -> str:
        return self.prefix + topics.SLOT_CREATED + ".dead"

    @property
    def model_ledger(self) -> str:
        return self.prefix + "model-ledger"

    @property
    def scoring_runs(self) -> str:
        return self.prefix + "scoring-runs"

    @property
    def replay_tasks(self) -> str:
        return self.prefix + "replay-tasks"

    @property
    def worker_group(self) -> str:
        return self.prefix + "creneau-worker"

    @property
    def executor_group(self) -> str:
        return self.prefix + "creneau-executor"

    @property
    def archive_group(self) -> str:
        return self.prefix + "creneau-archive"

    @property
    def ledger_transactional_id(self) -> str:
        return self.prefix + "creneau-ledger"

    def worker_transactional_id(self, instance: str) -> str:
        return f"{self.prefix}creneau-worker-{instance}"

    def executor_transactional_id(self, instance: str) -> str:
        return f"{self.prefix}creneau-executor-{instance}"

    def archive_transactional_id(self, instance: str) -> str:
        return f"{self.prefix}creneau-archive-{instance}"
