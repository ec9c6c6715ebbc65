"""The address of a source file: the hash of its content, whatever its path or line endings."""

from __future__ import annotations

import hashlib


def content_hash(source: bytes) -> str:
    """`sha256:` and the hexadecimal SHA-256 of *source* with every line ending as `\\n`."""
    if b"\r" in source:
        source = source.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return "sha256:" + hashlib.sha256(source).hexdigest()
