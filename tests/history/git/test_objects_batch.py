from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aiprov_otel.history.git.objects import parse_contents
from aiprov_otel.history.git.repository import Git


def test_objects_in_the_order_asked_for(repo):
    """
    Each object has its content, whatever that holds; one that is missing has none.
    """
    repo.commit("a b.py", b"\n0 blob 3\n\0\n")
    repo.commit("empty.py", b"")
    names = ["HEAD:a b.py", "HEAD:lost in space.py", "HEAD:empty.py", "f" * 40]

    output = Git.open(repo.path).objects(names)

    assert list(parse_contents(output)) == [b"\n0 blob 3\n\0\n", None, b"", None]


@given(st.binary())
def test_reading_any_output_never_raises(output):
    """
    Whatever git prints, reading it never raises.
    """
    list(parse_contents([output]))
