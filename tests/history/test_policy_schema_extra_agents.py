from __future__ import annotations

import pytest

from aiprov_otel.errors import PolicyError
from aiprov_otel.history.policy_schema import parse_extra_agents

ROW = {"agent": "ours", "mails": ["bot@example.org"]}


def test_a_row_may_say_more():
    """
    It takes the keys of the package's own rows.
    """
    more = {"provider": "anthropic", "names": ["House Bot"], "alone": True, "role": "assisted"}

    [row] = parse_extra_agents("extra_agents", [ROW | more])

    assert (row.provider, row.names, row.alone) == ("anthropic", ("House Bot",), True)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({}, r"extra_agents\[0\]\.agent can't be None; it has to be a text"),
        ({"agent": "ours"}, "found by something: one of names, mails"),
        (ROW | {"role": "x"}, "role can't be 'x'.* co-authored, assisted"),
        (ROW | {"agent": "a@b.c"}, "agent can't be 'a@b.c'.* a slug"),
        (ROW | {"pattern": "x"}, r"extra_agents\[0\] has no key 'pattern'; its keys are agent"),
        (ROW | {"alone": "yes"}, "alone can't be 'yes'.* true or false"),
        (ROW | {"provider": 3}, "provider can't be 3; it has to be a text"),
        (ROW | {"names": "x"}, "names can't be 'x'; it has to be a list of texts"),
        (ROW | {"names": [""]}, "names can't be .*; it has to be a list of texts"),
        (ROW | {"sessions": ["https://*/*/*/*"]}, "sessions can't be .* at most 3 stars"),
    ],
)
def test_a_wrong_row_is_named(row, message):
    """
    One line names the row, the key, the value and what is allowed.
    """
    with pytest.raises(PolicyError, match=message) as caught:
        parse_extra_agents("extra_agents", [row])

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [{}, "x", [3]])
def test_what_is_no_list_of_tables(value):
    """
    So does one line where there are no rows.
    """
    with pytest.raises(PolicyError, match="it has to be a list of tables with agent"):
        parse_extra_agents("extra_agents", value)
