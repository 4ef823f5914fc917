"""How a worker stands: what it tells its pool."""

from confluent_kafka import Consumer, TopicPartition

from consumer.assignment import Assignment
from consumer.model_in_force import Stamp
from consumer.report import Counts, Report


def report(
    instance: str,
    stamp: Stamp,
    assignment: Assignment,
    consumer: Consumer,
    topic: str,
    counts: Counts,
) -> Report:
    """The report of this moment; no question to the cluster is asked for it."""
    return Report(
        instance=instance,
        problem=_problem(stamp, assignment, topic),
        epoch=stamp.epoch,
        model=stamp.version if stamp.engine is not None else None,
        by_tables=stamp.engine.by_tables if stamp.engine is not None else None,
        lag=_lag(assignment, consumer, topic),
        counts=counts,
    )


def _problem(stamp: Stamp, assignment: Assignment, topic: str) -> str | None:
    if stamp.problem is not None:
        return stamp.problem
    if problems := assignment.problems:
        partition = min(problems)
        return f"{topic}[{partition}]: {problems[partition]}"
    return None if assignment.joined else "joining the group"


def _lag(assignment: Assignment, consumer: Consumer, topic: str) -> dict[str, int]:
    """Events not yet scored by partition, as of the last fetch."""
    lag: dict[str, int] = {}
    for partition, position in assignment.positions.items():
        _, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), cached=True)
        lag[str(partition)] = max(0, high - position.offset)
    return lag
