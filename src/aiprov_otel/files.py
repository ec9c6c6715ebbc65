"""
Reads and writes files where a repository may lay traps: links, devices, files without an end.

A link is followed outside of repositories, where only the user of the machine can have made it.
Inside of one it may be the repository's own, and lead anywhere.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import Final

MANY_BYTES: Final = 64 * 1024 * 1024
"""More than any file that we read has; one that is larger is refused."""

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def read_regular(path: Path, limit: int = MANY_BYTES, *, inside: Path | None = None) -> bytes:
    """
    The bytes of the regular file at *path*; with *inside*, only if that folder contains it.

    Raises:
        OSError: it can't be read, is a pipe or a device, leads outside, or is over the *limit*.
    """
    with open_regular(path, inside=inside) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise _error(errno.EFBIG, f"it is larger than {limit:,} bytes", path)
    return content


def open_regular(path: Path, *, inside: Path | None = None) -> BufferedReader:
    """
    Opens the regular file at *path* for reading, of any size; *inside* is as above.

    Raises:
        OSError: it can't be read, is a pipe or a device, or leads outside.
    """
    if inside is not None and not _is_inside(path, inside):
        raise _error(errno.ELOOP, "it leads out of the repository", path)
    # A pipe would make `open` wait for a writer.
    descriptor = os.open(path, _READ)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise _error(errno.EISDIR, os.strerror(errno.EISDIR), path)
    raise _error(errno.EINVAL, "it is not a regular file", path)


def write_whole(path: Path, data: bytes, mode: int = 0o600) -> None:
    """
    Writes *data* to *path*, whole or not at all: a new file with this *mode* is renamed to it.

    Raises:
        OSError: the folder is missing or not writable, the disk is full, or *path* leads through
            a link of a repository.
    """
    path = real_path(path)
    temporary = f"{path.name}.{os.urandom(8).hex()}"
    with _opened(path.parent) as folder:
        descriptor = os.open(temporary, _CREATE, mode, dir_fd=folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(descriptor, mode)  # whatever the umask
                file.write(data)
            os.replace(temporary, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=folder)
            raise


def permissions(path: Path, otherwise: int) -> int:
    """The mode of the file at *path*, for a new one that takes its place; *otherwise* if none."""
    try:
        return stat.S_IMODE(path.stat().st_mode) & 0o777
    except FileNotFoundError:
        return otherwise


def make_folder(path: Path, mode: int = 0o777) -> Path:
    """
    Makes the folder *path*, and those above it, where they are missing; returns its real path.

    Raises:
        OSError: it can't be made, or *path* leads through a link of a repository.
    """
    path = real_path(path)
    path.mkdir(mode, parents=True, exist_ok=True)
    return path


def real_path(path: Path) -> Path:
    """
    *path* without links.

    Raises:
        OSError: one of its links lies inside of a repository.
    """
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 (keeps the links)
    real = Path(absolute.anchor)
    for name in absolute.parts[1:]:
        place = real / name
        if not place.is_symlink():
            real = place
            continue
        if _is_in_repository(real):
            raise _error(errno.ELOOP, "it is a link inside of a repository", place)
        real = Path(os.path.realpath(place))
    return real


def _is_in_repository(folder: Path) -> bool:
    return any(os.path.lexists(parent / ".git") for parent in (folder, *folder.parents))


def _is_inside(path: Path, folder: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, _FOLDER)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _error(number: int, reason: str, path: Path) -> OSError:
    return OSError(number, reason, str(path))
