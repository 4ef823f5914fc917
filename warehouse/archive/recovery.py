"""What to do after a job has failed. Pure."""

from array import array
from collections.abc import Sequence
from heapq import merge

from warehouse.archive.jobs import State
from warehouse.archive.loading import Outcome
from warehouse.archive.plan import MOST_REFUSED_SPANS, Plan, refused_spans


def next_plan(
    plan: Plan, outcome: Outcome, good: Sequence[int], bad: Sequence[int]
) -> tuple[Plan, tuple[int, ...]]:
    """The plan that follows on a failed one, and the offsets that it newly refuses.

    ``good`` and ``bad`` are the offsets of the records, as the failed plan had them. A job that
    failed as a whole is sent again. Where rows were refused, those that BigQuery names are refused
    too; where it names none, the range is halved until there is only one row to blame.
    """
    if outcome.of_refused:
        return plan.refused_again(), ()
    if outcome.job.state is not State.ROWS_REFUSED:
        return plan.again(), ()
    culprits = outcome.culprits or (tuple(good) if len(good) == 1 else ())
    if not culprits:
        return plan.up_to(good[len(good) // 2]), ()
    named = frozenset(culprits)
    left = array("q", (offset for offset in good if offset not in named))
    spans = refused_spans(plan.start, plan.end, left, array("q", merge(bad, culprits)))
    if len(spans) > MOST_REFUSED_SPANS:
        return plan.up_to(good[len(good) // 2]), ()
    return plan.refusing(spans), culprits


def sooner_decided(plan: Plan, good: Sequence[int], culprits: Sequence[int]) -> Plan:
    """A smaller range for the plan that refuses ``culprits`` too, of rows that were ``good``.

    BigQuery names a few of the rows that it refuses, and not always the first ones. So whether all
    of them are bad, or the table is, is known when few are left: one is loaded, or none.
    """
    named = frozenset(culprits)
    left = array("q", (offset for offset in good if offset not in named and offset < plan.end))
    return plan.up_to(left[len(left) // 2]) if len(left) > 1 else plan
