from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiprov_otel.history.blame.hunks import unquote


@pytest.mark.parametrize(
    ("quoted", "name"),
    [
        (b"plain.py", b"plain.py"),
        (b'"', b'"'),
        (b'"a b.py"', b"a b.py"),
        (rb'"tab\there.py"', b"tab\there.py"),
        (rb'"quo\"te\\.py"', rb'quo"te\.py'),
        (rb'"\303\251.py"', "\u00e9.py".encode()),
    ],
)
def test_a_quoted_name_is_read(quoted, name):
    """
    A name is what it was before git quoted it.
    """
    assert unquote(quoted) == name


@given(st.binary())
def test_reading_any_quoted_name_never_raises(name):
    """
    Whatever stands between the quotes, reading it never raises.
    """
    unquote(b'"' + name + b'"')
