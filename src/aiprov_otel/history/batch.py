"""The output of `git cat-file --batch`, object by object."""

from __future__ import annotations

from collections.abc import Iterator


def objects(output: bytes) -> Iterator[tuple[bytes, bytes] | None]:
    """The header and the content of each object, in the order asked for; None for a missing one."""
    position = 0
    while (end := output.find(b"\n", position)) >= 0:
        header = output[position:end]
        position = end + 1
        if not (size := _size(header)):
            yield None
            continue
        yield header, output[position : position + int(size)]
        position += int(size) + 1


def contents(output: bytes) -> Iterator[bytes | None]:
    """The content of each object, in the order asked for; None for a missing one."""
    return (found and found[1] for found in objects(output))


def _size(header: bytes) -> bytes | None:
    words = header.split(b" ")
    return words[2] if len(words) == 3 and words[2].isdigit() else None
