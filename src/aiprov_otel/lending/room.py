"""Makes the folders that are lent: once for each interpreter version, then without a network."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiprov_otel import settings
from aiprov_otel.errors import UsageError
from aiprov_otel.lending import packages
from aiprov_otel.lending.packages import Release
from aiprov_otel.lending.survey import Survey
from aiprov_otel.telemetry.extra import local_extra

_OURS: Final = "aiprov-otel"
_OLDEST_PYTHON: Final = (3, 11)
_PIP: Final = (
    *("install", "--no-deps", "--only-binary=:all:", "--no-compile", "--quiet"),
    *("--platform=any", "--implementation=py", "--abi=none", "--no-warn-conflicts"),
    *("--disable-pip-version-check", "--no-input", "--retries=1"),
)
# Each is refused together with --target.
_PIP_VARIABLES: Final = {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}


class NotLent(UsageError):
    """Nothing can be lent to this interpreter; the message is what to do about it."""


@dataclass(frozen=True, slots=True)
class Room:
    """
    What is lent to an interpreter.

    Attributes:
        folders: the folders to append to `sys.path`; none if nothing is missing.
        release: the release of OpenTelemetry that is lent; None if none is.
    """

    folders: tuple[str, ...] = ()
    release: str | None = None


def lend(
    survey: Survey, variables: Mapping[str, str], notify: Callable[[str], None] = lambda _: None
) -> Room:
    """
    Returns the packages that *survey* lacks; makes their folder, with pip, if it is not there.

    *variables* is the environment for pip; *notify* is called before anything is downloaded.

    Raises:
        NotLent: they can't be lent.
    """
    _check_python(survey)
    release = _release(survey)
    lacking = packages.missing(survey.packages)
    if not lacking and not packages.missing_instrumentations(survey.packages):
        return Room()
    try:
        folder = _libraries(release, survey, variables, notify)
        _check_conflicts(survey, folder)
    except NotLent as error:
        if lacking:
            raise
        notify(f"no instrumentations are lent: {error}")
        return Room()
    own = () if _OURS in survey.packages else (str(_own_copy()),)
    return Room((str(folder), *own), str(release))


def _check_python(survey: Survey) -> None:
    if survey.implementation != "cpython" or survey.minor < _OLDEST_PYTHON:
        kind = "Python" if survey.implementation == "cpython" else survey.implementation
        msg = (
            f"{survey.executable} is {kind} {survey.python}; aiprov-otel needs CPython 3.11 or "
            "later: run CMD in an environment with one"
        )
        raise NotLent(msg)


def _release(survey: Survey) -> Release:
    """The release that fits: that of the OpenTelemetry that is there, else our own."""
    present = packages.releases(survey.packages)
    minors = {release.minor for release in present.values()}
    if present and (min(minors) < packages.OLDEST or len(minors) > 1):
        several = f"{min(present.values())} to {max(present.values())}"
        which = str(min(present.values())) if len(minors) == 1 else several
        newest = max(packages.own_release().minor, *minors)
        names = [
            f"{name}>={_version(name, newest)}"
            for name in present
            if len(minors) > 1 or present[name].minor < packages.OLDEST
        ]
        msg = (
            f"{survey.executable} has OpenTelemetry {which}; aiprov-otel needs one release, 1."
            f"{packages.OLDEST} or later: run `{survey.install(*names)}`"
        )
        raise NotLent(msg)
    ours = importlib.metadata.version(_OURS)
    if (theirs := survey.packages.get(_OURS, ours)) != ours:
        msg = (
            f"{survey.executable} has aiprov-otel {theirs}, and this is {ours}: "
            f"run `{survey.install(f'{_OURS}=={ours}')}`"
        )
        raise NotLent(msg)
    core = [present[name] for name in packages.CORE if name in present]
    return next(iter([*core, *sorted(present.values(), reverse=True)]), packages.own_release())


def _version(name: str, minor: int) -> str:
    return f"1.{minor}" if packages.is_stable(name) else f"0.{minor + packages.BETA_AHEAD}b0"


def _libraries(
    release: Release,
    survey: Survey,
    variables: Mapping[str, str],
    notify: Callable[[str], None],
) -> Path:
    """The folder with the libraries for the Python of *survey*."""
    wanted = packages.requirements(release)
    python = "{}.{}".format(*survey.minor)
    folder = _cache() / f"opentelemetry-{release}-python{python}-{_digest(wanted)}"
    with _made_once(folder) as part:
        if part is not None:
            command = [*_pip(survey), *_PIP, f"--python-version={python}", f"--target={part}"]
            notify(f"fetching OpenTelemetry {release} for Python {python}, once")
            process = subprocess.run(
                [*command, *wanted],
                env={**variables, **_PIP_VARIABLES},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            if process.returncode:
                raise NotLent(_why_failed(process.stderr, survey))
            shutil.rmtree(part / "bin", ignore_errors=True)
    return folder


def _why_failed(complaint: str, survey: Survey) -> str:
    lines = [line for line in complaint.splitlines() if line.startswith("ERROR: ")] or [complaint]
    reason = lines[-1].removeprefix("ERROR: ").strip()[:200]
    return (
        f"pip can't fetch what is lent ({reason}): try again with a network, or run "
        f"`{survey.install('aiprov-otel[auto]')}`"
    )


def _pip(survey: Survey) -> Sequence[str]:
    """Our own pip, that of uv, or that of the command's environment; none of the repository's."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-P", "-m", "pip"]
    if uv := shutil.which("uv"):
        return [uv, "tool", "run", "--quiet", "pip"]
    if "pip" in survey.packages:
        return [survey.executable, "-P", "-m", "pip"]
    msg = (
        f"neither pip nor uv is here to fetch what {survey.executable} lacks: "
        f"run `{sys.executable} -m ensurepip`"
    )
    raise NotLent(msg)


def _check_conflicts(survey: Survey, folder: Path) -> None:
    """Refuse if a package of *survey*, which comes before the lent one, doesn't fit."""
    with local_extra():
        from packaging.requirements import Requirement
    for distribution in importlib.metadata.distributions(path=[str(folder)]):
        for requirement in map(Requirement, distribution.requires or ()):
            name = packages.canonical_name(requirement.name)
            version = survey.packages.get(name)
            if version is None or packages.is_train(name):
                continue
            if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
                continue
            if not requirement.specifier.contains(version, prereleases=True):
                wanted = f"{name}{requirement.specifier}"
                msg = (
                    f"{survey.executable} has {name} {version}, and "
                    f"{distribution.metadata['Name']} needs {wanted}: "
                    f"run `{survey.install(wanted)}`"
                )
                raise NotLent(msg)


def _own_copy() -> Path:
    """A folder with aiprov-otel: real files and entry points, even where ours is editable."""
    source = Path(__file__).parents[1]
    files = {
        path.relative_to(source.parent).as_posix(): path.read_bytes()
        for path in sorted(source.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    distribution = importlib.metadata.distribution(_OURS)
    for name in ("METADATA", "entry_points.txt"):
        place = f"aiprov_otel-{distribution.version}.dist-info/{name}"
        files[place] = (distribution.read_text(name) or "").encode()
    digest = _digest([part for each in files.items() for part in each])
    folder = _cache() / f"aiprov-otel-{distribution.version}-{digest}"
    with _made_once(folder) as part:
        for name, content in files.items() if part else ():
            path = Path(part or "", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return folder


def _digest(parts: Sequence[str | bytes]) -> str:
    sha = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        sha.update(b"%d:" % len(content) + content)
    return sha.hexdigest()[:16]


@contextmanager
def _made_once(folder: Path) -> Iterator[Path | None]:
    """
    Yields an empty folder that becomes *folder* when the block ends; None if that is there.

    Other processes wait meanwhile. What failed leaves nothing behind.
    """
    if folder.is_dir():
        yield None
        return
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.is_dir():
            yield None
            return
        with tempfile.TemporaryDirectory(dir=folder.parent, ignore_cleanup_errors=True) as part:
            filled = Path(part, "room")
            filled.mkdir()
            yield filled
            filled.rename(folder)


def _cache() -> Path:
    if (folder := settings.cache_folder()) is None:
        msg = "there is no folder to keep what is lent: set XDG_CACHE_HOME or HOME"
        raise NotLent(msg)
    folder = folder / "lent"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        msg = f"can't create {folder} ({error.strerror}): set XDG_CACHE_HOME to another folder"
        raise NotLent(msg) from error
    status = folder.stat()
    if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        msg = (
            f"other users may write {folder}, and CMD would run what is in it: remove it, or set "
            "XDG_CACHE_HOME to a folder of your own"
        )
        raise NotLent(msg)
    return folder
