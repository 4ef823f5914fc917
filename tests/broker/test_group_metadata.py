"""What another client committed with an offset may be no text; the offset counts all the same."""

from typing import Any, cast

from broker.groups import metadata_text


class _Part:
    """As the client hands it on: the bytes are read when they are asked for."""

    def __init__(self, committed: bytes | None) -> None:
        self._committed = committed

    @property
    def metadata(self) -> str | None:
        return None if self._committed is None else self._committed.decode()


def text_of(committed: bytes | None) -> str:
    return metadata_text(cast(Any, _Part(committed)))


def test_metadata_that_is_no_text_is_none_of_ours() -> None:
    assert text_of(b"AgAAAZrEzJ4z\x9d") == ""


def test_text_stays_and_none_is_nothing() -> None:
    assert text_of(b'{"epoch":1}') == '{"epoch":1}'
    assert text_of(None) == ""
