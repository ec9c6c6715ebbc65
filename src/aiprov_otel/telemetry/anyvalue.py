"""OTLP attribute values as strings, spelled as the Collector's ClickHouse exporter spells them."""

from __future__ import annotations

import json
import math
from base64 import b64encode
from decimal import Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

_PLAIN_FROM: Final = 1e-6  # smaller and larger numbers are written with an exponent
_PLAIN_BELOW: Final = 1e21


def strings(attributes: Iterable[KeyValue]) -> dict[str, str]:
    """Every attribute with its value as a string; of a repeated key, the last."""
    # Most values are text, which needs no question what it is.
    return {pair.key: pair.value.string_value or string(pair.value) for pair in attributes}


def string(value: AnyValue) -> str:
    """*value* as a string: text as it is, an empty value as nothing, lists and maps as JSON."""
    match value.WhichOneof("value"):
        case "string_value":
            return value.string_value
        case "double_value" if not math.isfinite(value.double_value):
            return f"json: unsupported value: {_not_finite(value.double_value)}"
        case "bytes_value":
            return b64encode(value.bytes_value).decode()
        case None:
            return ""
    try:
        return _json(value)
    except ValueError:
        return ""  # a list that holds NaN has no JSON, and the exporter leaves it empty


def _json(value: AnyValue) -> str:
    match value.WhichOneof("value"):
        case "bool_value":
            return "true" if value.bool_value else "false"
        case "int_value":
            return str(value.int_value)
        case "double_value":
            return _number(value.double_value)
        case "string_value":
            return _quoted(value.string_value)
        case "bytes_value":
            return _quoted(b64encode(value.bytes_value).decode())
        case "array_value":
            return "[" + ",".join(_json(item) for item in value.array_value.values) + "]"
        case "kvlist_value":
            pairs = {pair.key: _json(pair.value) for pair in value.kvlist_value.values}
            return "{" + ",".join(f"{_quoted(key)}:{pairs[key]}" for key in sorted(pairs)) + "}"
    return "null"


def _number(value: float) -> str:
    """The shortest spelling that reads back as *value*, with JavaScript's idea of exponents."""
    if not math.isfinite(value):
        raise ValueError(value)
    if value == 0 or _PLAIN_FROM <= abs(value) < _PLAIN_BELOW:
        return format(Decimal(repr(value)), "f").removesuffix(".0")
    mantissa, _, exponent = repr(value).partition("e")
    return f"{mantissa}e{int(exponent):+d}"


def _not_finite(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "+Inf" if value > 0 else "-Inf"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
