"""Compiles a pydantic model into msgspec decoders, so that the schema is written once.

Times become strings here: their form is stricter than msgspec's (see ``producer_contract.times``).
A constraint that cannot be carried over fails at import, so that none is ever lost in silence.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import msgspec
from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

_PLAIN: Final = (str, int, float, NoneType)


class CompiledModel:
    """The decoders of one event.

    Attributes:
        fields: the names of the fields, in the order of the model.
        times: those that hold a time.
        decode: bytes to a struct with every field in place (times still strings); raises
            msgspec's errors, UnicodeDecodeError or RecursionError.
        split: bytes to a struct of ``msgspec.Raw``, ``UNSET`` where a field is absent: only the
            syntax is judged, and of duplicate keys the last is kept.
        decode_field: the same judgement as ``decode``, of one field's bytes.
    """

    def __init__(self, model: type[BaseModel]) -> None:
        types = {name: _field_type(field) for name, field in model.model_fields.items()}
        self.model = model
        self.fields = tuple(types)
        self.times = frozenset(
            name for name, field in model.model_fields.items() if _holds_time(field.annotation)
        )
        typed = msgspec.defstruct(model.__name__, list(types.items()), gc=False)
        loose = msgspec.defstruct(
            f"{model.__name__}Raw",
            [(name, msgspec.Raw | msgspec.UnsetType, msgspec.UNSET) for name in types],
            gc=False,
        )
        self.decode: Callable[[bytes], Any] = msgspec.json.Decoder(typed).decode
        self.split: Callable[[bytes], Any] = msgspec.json.Decoder(loose).decode
        self.decode_field: dict[str, Callable[[bytes], Any]] = {
            name: msgspec.json.Decoder(t).decode for name, t in types.items()
        }


def _field_type(field: FieldInfo) -> Any:
    return _constrained(_translate(field.annotation), field.annotation, field.metadata)


def _translate(annotation: Any) -> Any:
    """The msgspec type of a pydantic annotation."""
    if annotation is datetime:
        return str
    if annotation in _PLAIN:
        return annotation
    origin = get_origin(annotation)
    if origin is Literal:
        return annotation
    if origin is Annotated:
        base, *metadata = get_args(annotation)
        return _constrained(_translate(base), base, metadata)
    if origin in (Union, UnionType):
        return Union[tuple(_translate(choice) for choice in get_args(annotation))]  # noqa: UP007
    raise TypeError(f"{annotation!r} has no translation for the decoder")


def _constrained(translated: Any, base: Any, metadata: Sequence[Any]) -> Any:
    if base is datetime:
        return translated  # its validators and its form live in producer_contract.times
    constraints: dict[str, Any] = {}
    for item in metadata:
        constraints |= _constraints_of(item)
    return Annotated[translated, msgspec.Meta(**constraints)] if constraints else translated


def _constraints_of(item: Any) -> dict[str, Any]:
    match item:
        case Ge(ge):
            return {"ge": ge}
        case Le(le):
            return {"le": le}
        case MinLen(min_length):
            return {"min_length": min_length}
        case MaxLen(max_length):
            return {"max_length": max_length}
        case FieldInfo():
            nested: dict[str, Any] = {}
            for inner in item.metadata:
                nested |= _constraints_of(inner)
            return nested
        case _ if getattr(item, "allow_inf_nan", None) is False:
            return {}  # JSON cannot spell them, and msgspec refuses what is out of range
        case _:
            raise TypeError(f"{item!r} cannot be carried over to the decoder")


def _holds_time(annotation: Any) -> bool:
    return annotation is datetime or any(_holds_time(arg) for arg in get_args(annotation))
