"""The topics that cross the border between the slot app and Créneau."""

from typing import Final

SLOT_CREATED: Final = "slot-created"
SLOT_PROBABILITY: Final = "slot-probability"

PARTITIONS: Final = 8
"""How many partitions the border topics get unless told otherwise."""
