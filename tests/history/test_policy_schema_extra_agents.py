from __future__ import annotations

import pytest

from aiprov_otel.errors import PolicyError
from aiprov_otel.history.policy_schema import parse_extra_agents

ROW = {"id": "ours", "agent": "ours", "kind": "author", "role": "authored", "pattern": "<x@y.z>"}


def test_a_row_may_say_more():
    """
    Who makes the models, where the model stands, and whether the line has to name a tool.
    """
    more = {"provider": "anthropic", "model": "(?P<model>x)", "requires_lexicon": True}

    [rule] = parse_extra_agents("extra_agents", [ROW | more])

    assert (rule.provider, rule.requires_lexicon) == ("anthropic", True)
    assert rule.model.search("X")["model"] == "X"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({}, r"extra_agents\[0\]\.id can't be None; it has to be a text"),
        (ROW | {"kind": "x"}, "kind can't be 'x'.* author, committer"),
        (ROW | {"role": "x"}, "role can't be 'x'.* co-authored, authored"),
        (ROW | {"pattern": "("}, "pattern .* a regular expression"),
        (ROW | {"model": "("}, "model .* a regular expression"),
        (ROW | {"agent": "a@b.c"}, "agent can't be 'a@b.c'.* a slug"),
        (ROW | {"patern": "x"}, r"extra_agents\[0\] has no key 'patern'; its keys are id, agent"),
        (ROW | {"requires_lexicon": "yes"}, "requires_lexicon can't be 'yes'.* true or false"),
        (ROW | {"provider": 3}, "provider can't be 3; it has to be a text"),
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
    with pytest.raises(PolicyError, match="it has to be a list of tables with id, agent"):
        parse_extra_agents("extra_agents", value)
