from __future__ import annotations

import pytest

from aiprov_otel.history.policy import Policy


@pytest.mark.parametrize(
    ("path", "excluded"),
    [
        ("tests/unit/helper.py", True),
        ("shop/tests/helper.py", True),
        ("shop/test_cart.py", True),
        ("shop/cart_test.py", True),
        ("conftest.py", True),
        ("shop/latest.py", False),
        ("contests/cart.py", False),
        ("tests.py", False),
    ],
)
def test_tests_are_left_out(path, excluded):
    """
    By default the manifest is about what is deployed.
    """
    assert Policy().excludes(path) is excluded


@pytest.mark.parametrize(
    ("pattern", "path", "excluded"),
    [
        ("docs/api/", "docs/api/a.py", True),
        ("docs/api/", "x/docs/api/a.py", False),
        ("shop/*_pb2.py", "shop/cart_pb2.py", True),
        ("shop/*_pb2.py", "x/shop/cart_pb2.py", False),
        ("/setup.py", "setup.py", True),
        ("/setup.py", "x/setup.py", False),
        ("*.egg/", "a.egg/b.py", True),
    ],
)
def test_patterns_of_exclude(pattern, path, excluded):
    """
    A folder, a path from the root and a name anywhere differ by their slashes.
    """
    assert Policy.of({"exclude": [pattern]}).excludes(path) is excluded
