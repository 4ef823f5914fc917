"""The reader's rule: which of two outputs for one slot counts."""


def applies(held: tuple[int, int] | None, offered: tuple[int, int]) -> bool:
    """Whether an output applies over the one held for the same slot.

    Args:
        held: (``source_offset``, ``epoch``) of the output held for the slot, None when none is.
        offered: the same of the output just read.

    An output applies when it is not below the one held, the offset deciding first. Equal applies:
    reading an output again must be harmless.
    """
    return held is None or offered >= held
