"""Why an event is refused: a code for machines, one line for people."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from pydantic import BaseModel, ValidationError

CODES: Final = (
    "too-large",
    "not-json",
    "unsupported-version",
    "missing-field",
    "bad-field",
    "bad-time",
    "outside-globe",
    "starts-before-created",
    "key-mismatch",
)
"""What the decoder can say, in the order in which the first that applies is taken."""

_SHOWN = 60


class Refusal(Exception):  # noqa: N818 - a verdict on an event, not a failure of ours
    """An event that is not valid: ``code`` is one of ``CODES``, ``reason`` one line for people."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason

    def __reduce__(self) -> tuple[type["Refusal"], tuple[str, str]]:
        return Refusal, (self.code, self.reason)


class Defect(NamedTuple):
    """One thing that is wrong with an event.

    ``field`` is empty where it concerns the event as a whole; ``token`` is the field's JSON as
    received; ``reason`` is what to say where pydantic sees nothing wrong.
    """

    code: str
    field: str
    reason: str
    token: bytes = b""


def refuse(model: type[BaseModel], value: bytes, defects: Iterable[Defect]) -> Refusal:
    """The refusal for the first defect in the order of ``CODES``, then of the fields."""
    first = min(defects, key=lambda defect: CODES.index(defect.code))
    reason = _pydantic_reason(model, value, first) or first.reason
    where = f"{first.field}: " if first.field else ""
    got = f" (got {_shown(first.token)})" if first.token else ""
    return Refusal(first.code, f"{where}{reason}{got}")


def _pydantic_reason(model: type[BaseModel], value: bytes, defect: Defect) -> str | None:
    if not defect.field:
        return None
    try:
        model.model_validate_json(value)
    except ValidationError as error:
        for line in error.errors(include_url=False, include_context=False, include_input=False):
            if line["loc"] and line["loc"][0] == defect.field:
                return line["msg"].removeprefix("Value error, ")
    return None


def _shown(token: bytes) -> str:
    text = token[: _SHOWN + 1].decode("utf-8", "replace")
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
