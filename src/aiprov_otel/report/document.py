"""Dataclasses read back from what `dataclasses.asdict` returned; pure."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

_T = TypeVar("_T")


def read_dataclass(kind: type[_T], document: Any) -> _T:
    """
    Reads a value of the dataclass *kind* from *document*.

    Raises:
        TypeError: its keys are not the fields of *kind*.
    """
    types = get_type_hints(kind)
    hints = {field.name: types[field.name] for field in fields(cast("Any", kind))}
    if not isinstance(document, dict) or document.keys() != hints.keys():
        msg = f"not a {kind.__name__}"
        raise TypeError(msg)
    return kind(**{name: _value(hint, document[name]) for name, hint in hints.items()})


def _value(hint: Any, value: Any) -> Any:
    if get_origin(hint) is UnionType:
        (hint,) = (member for member in get_args(hint) if member is not NoneType)
        return value if value is None else _value(hint, value)
    if get_origin(hint) is tuple:
        return tuple(_value(get_args(hint)[0], item) for item in value)
    return read_dataclass(cast("type[Any]", hint), value) if is_dataclass(hint) else value
