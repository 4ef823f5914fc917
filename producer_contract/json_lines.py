"""Checks slot-created events in a file of JSON lines, one event a line."""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from producer_contract.codec import decode_slot_created_value
from producer_contract.events import MAX_BYTES
from producer_contract.refusal import Refusal


class CheckedLine(NamedTuple):
    """One line that holds an event; ``refusal`` None: it is valid. Lines count from 1."""

    number: int
    refusal: Refusal | None


def check_lines(stream: BinaryIO) -> Iterator[CheckedLine]:
    """The verdict on each line of ``stream``; blank lines are passed over.

    The message key is not in the file and so not judged. Memory stays bounded whatever the length
    of a line.

    Raises:
        OSError: the stream cannot be read.
    """
    number = 0
    while line := stream.readline(MAX_BYTES + 2):
        number += 1
        complete = line.endswith(b"\n")
        # One line end, no more: of a line cut short, what follows a \r is still to be skipped.
        event = line.removesuffix(b"\n").removesuffix(b"\r")
        if not complete and len(event) > MAX_BYTES:
            _skip_the_rest(stream)
        if event.strip():
            yield CheckedLine(number, _refusal_of(event))


def _refusal_of(event: bytes) -> Refusal | None:
    try:
        decode_slot_created_value(event)
    except Refusal as refusal:
        if refusal.code == "too-large":  # only its beginning was read
            return Refusal("too-large", f"more than {MAX_BYTES} bytes")
        return refusal
    return None


def _skip_the_rest(stream: BinaryIO) -> None:
    while line := stream.readline(MAX_BYTES):
        if line.endswith(b"\n"):
            return
