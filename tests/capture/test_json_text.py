"""What is added to a JSON text is all that differs, and a cut gives the text as it was."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiprov_otel.capture.json_text import add, cut

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda each: (
        st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=5), each, max_size=3)
    ),
    max_leaves=8,
)
LAYOUTS = st.sampled_from(
    [{}, {"indent": 2}, {"indent": "\t"}, {"indent": 4, "ensure_ascii": False}, {"indent": 0}]
)
SPACE = st.text(" \n\t\r", max_size=2)


@given(VALUES, st.lists(VALUES, min_size=1, max_size=3), VALUES, LAYOUTS, SPACE, SPACE)
def test_an_element_is_added_and_cut(other, hooks, value, layout, before, after):
    """Whatever stands beside it, in whatever layout."""
    text = before + json.dumps({"a": other, "hooks": {"Stop": hooks}, "z": other}, **layout) + after

    longer = add(text, ["hooks", "Stop"], [value])

    assert json.loads(longer) == {"a": other, "hooks": {"Stop": [*hooks, value]}, "z": other}
    assert cut(longer, ["hooks", "Stop", len(hooks)]) == text


@pytest.mark.parametrize("rest", [{}, {"hooks": {"Stop": []}}])
@given(other=VALUES, value=VALUES, layout=LAYOUTS)
def test_what_is_not_there_yet_is_made(rest, other, value, layout):
    """With the objects around it, which are cut with it."""
    text = json.dumps({"a": other, **rest}, **layout)

    longer = add(text, ["hooks", "Start"], [value])

    hooks = {**rest.get("hooks", {}), "Start": [value]}
    assert json.loads(longer) == {"a": other, "hooks": hooks}
    assert cut(longer, ["hooks", "Start"] if rest else ["hooks"]) == text


def test_of_a_name_that_is_there_twice_the_last_counts():
    """As it does for whoever reads the settings."""
    text = '{"hooks": {"Stop": [1]}, "hooks": {"Stop": [2]}}'

    longer = add(text, ["hooks", "Stop"], [3])

    assert json.loads(longer) == {"hooks": {"Stop": [2, 3]}}
    assert cut(longer, ["hooks", "Stop", 1]) == text
