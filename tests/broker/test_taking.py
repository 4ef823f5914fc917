"""What of the records that came belongs to a range."""

from confluent_kafka import Message

from broker.log import _within


def came(*offsets: int) -> list[Message]:
    return [Message(topic="t", partition=0, offset=offset, value=b"") for offset in offsets]


def test_all_that_came_is_taken_where_it_lies_before_the_end() -> None:
    messages = came(3, 4, 7)
    assert _within(messages, 3, 9, "t") == (messages, 8)
    assert _within([], 3, 9, "t") == ([], 3)


def test_what_lies_behind_the_end_is_left_out_and_the_end_is_passed() -> None:
    messages = came(3, 4, 8, 9)
    assert _within(messages, 3, 8, "t") == (messages[:2], 10)
