"""Values read back from the JSON that `dataclasses.asdict` made of them; pure."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

_T = TypeVar("_T")


def read(kind: type[_T], document: Any) -> _T:
    """
    The value of the dataclass *kind* that *document* describes.

    Raises:
        TypeError: it has other keys than *kind* has fields.
    """
    hints = _hints(kind)
    if not isinstance(document, dict) or document.keys() != hints.keys():
        msg = f"this is no {kind.__name__}"
        raise TypeError(msg)
    return kind(**{name: _value(hint, document[name]) for name, hint in hints.items()})


def _hints(kind: Any) -> dict[str, Any]:
    known = get_type_hints(kind)
    return {field.name: known[field.name] for field in fields(kind)}


def _value(hint: Any, value: Any) -> Any:
    if get_origin(hint) is UnionType:
        (hint,) = (one for one in get_args(hint) if one is not NoneType)
        return value if value is None else _value(hint, value)
    if get_origin(hint) is tuple:
        return tuple(_value(get_args(hint)[0], one) for one in value)
    return read(cast("type[Any]", hint), value) if is_dataclass(hint) else value
