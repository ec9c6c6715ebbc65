"""Attribute values become strings as the Collector's ClickHouse exporter spells them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList

from aiprov_otel.telemetry.anyvalue import string, strings


def listed(*values: AnyValue) -> AnyValue:
    return AnyValue(array_value=ArrayValue(values=values))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (AnyValue(), ""),
        (AnyValue(string_value="ai"), "ai"),
        (AnyValue(string_value='say "<b>"'), 'say "<b>"'),
        (AnyValue(bool_value=True), "true"),
        (AnyValue(bool_value=False), "false"),
        (AnyValue(int_value=-(2**63)), "-9223372036854775808"),
        (AnyValue(double_value=0.83), "0.83"),
        (AnyValue(double_value=1.0), "1"),
        (AnyValue(double_value=1e-7), "1e-7"),
        (AnyValue(double_value=0.00001), "0.00001"),
        (AnyValue(double_value=1e20), "100000000000000000000"),
        (AnyValue(double_value=1.5e21), "1.5e+21"),
        (AnyValue(double_value=float("nan")), "json: unsupported value: NaN"),
        (AnyValue(double_value=float("-inf")), "json: unsupported value: -Inf"),
        (AnyValue(bytes_value=b"\x00\xff"), "AP8="),
        (listed(), "[]"),
        (listed(AnyValue(string_value='<"é'), AnyValue(int_value=1)), '["<\\"é",1]'),
        (listed(AnyValue(), AnyValue(bool_value=True), listed()), "[null,true,[]]"),
        (listed(AnyValue(bytes_value=b"\xff"), AnyValue(double_value=2.0)), '["/w==",2]'),
        (listed(AnyValue(double_value=float("nan"))), ""),
        (
            AnyValue(
                kvlist_value=KeyValueList(
                    values=[
                        KeyValue(key="b", value=AnyValue(int_value=2)),
                        KeyValue(key="a", value=listed(AnyValue(double_value=0.5))),
                    ]
                )
            ),
            '{"a":[0.5],"b":2}',
        ),
    ],
)
def test_every_kind_of_value_has_its_spelling(value, expected):
    """A value is spelled the same in the local store as in ClickHouse."""
    assert string(value) == expected


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_reads_back_as_itself(number):
    """The spelling of a number is exact."""
    assert float(string(AnyValue(double_value=number))) == number


@given(st.recursive(st.text() | st.integers(-(2**63), 2**63 - 1) | st.booleans(), st.lists))
def test_a_list_is_json(value):
    """Lists, however deep, can be read by any JSON parser."""

    def wrap(item):
        if isinstance(item, list):
            return listed(*map(wrap, item))
        name = {str: "string_value", bool: "bool_value", int: "int_value"}[type(item)]
        return AnyValue(**{name: item})

    assert json.loads(string(listed(wrap(value)))) == [value]


def test_the_last_of_a_repeated_key_counts():
    """A key that was sent twice has one value."""
    pairs = [KeyValue(key="k", value=AnyValue(int_value=n)) for n in (1, 2)]

    assert strings(pairs) == {"k": "2"}
