"""The address of a source file."""

from __future__ import annotations

import pytest

from aiprov_otel.manifest import content_hash


@pytest.mark.parametrize("other", [b"a\r\nb\r\n", b"a\rb\r", b"a\r\nb\r", b"a\rb\n"])
def test_line_endings_do_not_count(other):
    """
    A checkout with other line endings is the same file, even with the lone returns of old Macs.
    """
    assert content_hash(other) == content_hash(b"a\nb\n")


@pytest.mark.parametrize("other", [b"a\nb", b"a\n\nb\n", b"a\nb\n ", b"\xef\xbb\xbfa\nb\n", b""])
def test_everything_else_counts(other):
    """
    Any other difference makes another file.
    """
    assert content_hash(other) != content_hash(b"a\nb\n")
