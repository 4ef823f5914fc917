"""The rules of the protocol, each a switch: taken out, the search should find what breaks."""

from enum import Enum


class Rule(Enum):
    """A rule by its name on the command line; the value says what it asks for."""

    FRESH_LEDGER = "on assignment a worker reads the ledger to its end"
    WORKER_REQUIRES_STABLE = "a new owner waits for offsets pending in another's transaction"
    EXECUTOR_REQUIRES_STABLE = "a new executor waits for task offsets pending in a transaction"
    METADATA_IN_TRANSACTION = "the epoch travels in the commit metadata of the same transaction"
    RUN_IN_TRANSACTION = "the closed run is written by the transaction that changes the epoch"
    FENCE_ALL_PARTITIONS = "the fence awaits every partition, not the first that acknowledges"
    FENCE_AWAITS_EPOCH = "a partition is fenced once its metadata says the revocation's epoch"
    NO_METADATA_NO_FENCE = "a partition without commit metadata is not fenced"
    PARTITIONS_AFTER_REVOCATION = "partitions are listed after the revocation is on the ledger"
    IDLE_ACKNOWLEDGES = "a partition with nothing to score acknowledges a new epoch too"
    PLAN_AWAITS_MARKERS = "the plan reads the runs to a high watermark taken after the fences"
    COMPLETION_AWAITS_MARKERS = "completion waits until readers can see every output"
    GAPS_ARE_SCANNED = "reset partitions and gaps are planned from a scan of the outputs too"
    RESET_IS_RECORDED = "an operator's reset of the group is recorded among the runs"
    EXPIRY_IS_RECORDED = "a worker that finds its offsets expired records that as a reset"
    EXPIRY_IS_RECOVERED = "expired offsets: the worker goes on after the last live outcome"
    TASK_OFFSET_IN_TRANSACTION = "a chunk and its task offset commit together"
    DONE_MEANS_RUN = "an executor skips a chunk whose run exists, whatever its group says"
    BATCH_BOUND_TO_GENERATION = (
        "group metadata is taken with the batch, and revocation ends the open transaction"
    )
    EVERY_REVOKED_MODEL = "a replay plans from every model ever revoked, not the last only"
    DEAD_LETTERS_COVER_NOTHING = (
        "a scan goes by the newest probability: readers hold it whatever dead letter came later"
    )
    HELD_IS_WITHDRAWN = (
        "a replay is silent on a refused event only if readers hold nothing of it, whatever "
        "dead letter is the newest"
    )
    # Second lines: each is expected to be redundant as long as all the others hold.
    AWAIT_METADATA_EPOCH = "a new owner waits until its view has reached the metadata's epoch"
    FENCE_REQUIRES_STABLE = "the fence waits for offsets pending in a transaction"
    DRAIN_BEFORE_PLAN = "a new replay waits until every task of the old one is committed"
    NEWEST_REPLAY_COUNTS = "offsets whose newest replay was by a revoked model are replayed again"


SECOND_LINES = frozenset(
    {
        Rule.AWAIT_METADATA_EPOCH,
        Rule.FENCE_REQUIRES_STABLE,
        Rule.DRAIN_BEFORE_PLAN,
        Rule.NEWEST_REPLAY_COUNTS,
    }
)
ALL = frozenset(Rule)

Rules = frozenset[Rule]
