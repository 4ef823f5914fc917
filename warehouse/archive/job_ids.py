"""The names of load jobs: the same plan always sends the same job. Pure."""

import hashlib

from warehouse.archive.plan import Plan


def installation(*identity: str) -> str:
    """What sets these jobs apart from all others of the project, as twelve hex digits.

    ``identity`` names the dataset, the table as it was created and the topic as it was created
    (its id on the cluster). So two installations may share a project, and a table or a topic that
    was made anew under its old name does not find the jobs of the old one: BigQuery remembers ids
    for six months.
    """
    return hashlib.sha256("\n".join(identity).encode()).hexdigest()[:12]


def job_id(table: str, partition: int, plan: Plan, of: str, *, attempt: int | None = None) -> str:
    """The job of a plan, or of another attempt at it; ``of``: see ``installation``."""
    number = plan.attempt if attempt is None else attempt
    return f"creneau-{table}-{partition}-{plan.start}-{plan.end}-{number}-{of}"


def refused_job_id(table: str, partition: int, plan: Plan, of: str) -> str:
    """The job that loads a plan's refused records into ``archive_refused``."""
    return (
        f"creneau-archive_refused-{table}-{partition}-{plan.start}-{plan.end}-"
        f"{plan.refused_attempt}-{of}"
    )
