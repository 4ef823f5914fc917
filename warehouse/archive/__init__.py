"""The archive: every event, outcome and dead letter, loaded into BigQuery exactly once.

The protocol, in one breath: a range of one partition is planned, and the plan committed with the
offset; only then is its load job sent, under an id that follows from the plan; when the job is
done, the offset moves past the range. Whoever owns the partition next repeats the same job, which
BigQuery knows by its id. docs/decisions/0005 tells why, and how the quotas are kept.
"""
