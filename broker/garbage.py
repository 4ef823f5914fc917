"""The garbage collector of a process that works through batches."""

import gc

YOUNG = 50_000


def collect_rarely() -> None:
    """Look for cycles every ``YOUNG`` containers, not every 700, and never at what is there now.

    A batch makes tens of thousands of containers, none of them in cycles. Looked at as often as
    Python does it, scoring takes 3 to 14 % longer (`python -m bench.scoring`, three runs).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 100)
