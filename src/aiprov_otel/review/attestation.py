"""An in-toto Statement with the SCAI predicate: the origins of the lines of what is released."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, Final

import aiprov_otel
from aiprov_otel.errors import UsageError
from aiprov_otel.files import open_regular
from aiprov_otel.history.stats import KEYS
from aiprov_otel.manifest import FILE_NAME, Entry, Manifest, content_hash
from aiprov_otel.values import Origin

STATEMENT: Final = "https://in-toto.io/Statement/v1"
PREDICATE: Final = "https://in-toto.io/attestation/scai/v0.3"

_IMAGE: Final = re.compile(r"(?P<name>[^@\s]+)@(?P<algorithm>sha256|sha512):(?P<digest>[0-9a-f]+)")
_DIGITS: Final = {"sha256": 64, "sha512": 128}
_COUNTED: Final = ("origin", "agent", "model", "evidence", "strength")
_MOST_BYTES: Final = 64 * 1024 * 1024  # of a source file in a wheel


@dataclass(frozen=True)
class Subject:
    """
    What a statement is about.

    Attributes:
        descriptor: its name and digest, as in-toto has them.
        hashes: of the Python files that it contains; None where that can't be seen.
    """

    descriptor: Mapping[str, Any]
    hashes: tuple[str, ...] | None = None


def subject_of(name: str | None, manifest: Manifest) -> Subject:
    """
    The subject *name*: a file, or an image by its digest; by default the commit of *manifest*.

    Raises:
        UsageError: it is none of them.
    """
    if name is None:
        if manifest.revision is None:
            msg = f"{manifest.path} is of no commit; name a file or an image to attest"
            raise UsageError(msg)
        named = manifest.repository_url or "commit"
        return Subject({"name": named, "digest": {"gitCommit": manifest.revision}})
    if image := _IMAGE.fullmatch(name):
        algorithm, digest = image["algorithm"], image["digest"]
        if len(digest) == _DIGITS[algorithm]:
            return Subject({"name": image["name"], "digest": {algorithm: digest}})
    path = Path(name)
    try:
        with open_regular(path) as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            hashes = _python_files(path, file) if zipfile.is_zipfile(file) else None
    except OSError as error:
        msg = (
            f"{name} is not a file that can be read ({error.strerror or error}), nor an image with "
            "its digest, as in registry/shop@sha256:…"
        )
        raise UsageError(msg) from error
    return Subject({"name": path.name, "digest": {"sha256": digest}}, hashes)


def _python_files(path: Path, file: BufferedReader) -> tuple[str, ...]:
    """The hashes of the Python files in the wheel *file* at *path*."""
    try:
        with zipfile.ZipFile(file) as wheel:
            members = [info for info in wheel.infolist() if info.filename.endswith(".py")]
            if large := next((i.filename for i in members if i.file_size > _MOST_BYTES), None):
                raise ValueError(f"{large} is too large")  # noqa: TRY301
            return tuple(content_hash(wheel.read(info)) for info in members)
    except Exception as error:  # each decompressor has exceptions of its own
        msg = f"{path} is not a whole wheel ({str(error) or type(error).__name__}); build it again"
        raise UsageError(msg) from error


def attest(manifest: Manifest, subject: Subject) -> bytes:
    """
    The statement about *subject*, by *manifest*: the same bytes for the same input.

    Raises:
        ManifestError: a document of *manifest* was changed or is not whole.
        UsageError: *subject* contains no file of *manifest*.
    """
    entries, foreign = _entries(manifest, subject)
    sources = [manifest.source(entry) for entry in entries]
    commit = {"digest": {"gitCommit": manifest.revision}} if manifest.revision else {}
    repository = {"uri": f"git+{manifest.repository_url}"} if manifest.repository_url else {}
    about = {
        **({"target": {**repository, **commit}} if repository or commit else {}),
        "evidence": {
            "name": FILE_NAME,
            "digest": {"sha256": hashlib.sha256(manifest.path.read_bytes()).hexdigest()},
            "mediaType": "application/zip",
        },
    }
    lines: dict[str, Counter[str]] = {key: Counter() for key in _COUNTED}
    for source in sources:
        for run in source.runs:
            for key in _COUNTED:
                lines[key][KEYS[key](source, run.provenance) or "unknown"] += run.count
    total = lines["origin"].total()
    unknown = lines["origin"][Origin.UNKNOWN.value]
    attributes: list[tuple[str, Mapping[str, Any]]] = [
        ("FILES", {"attested": len(entries), "not_in_manifest": foreign}),
        ("LINES", {"total": total}),
        *((f"LINES_BY_{key.upper()}", counts) for key, counts in lines.items()),
        ("UNKNOWN_SHARE", {"share": round(unknown / total, 4) if total else 0}),
        ("POLICY", manifest.policy),
        ("MEASURED_BY", {"name": "aiprov-otel", "version": aiprov_otel.__version__}),
    ]
    return _dumps(
        {
            "_type": STATEMENT,
            "subject": [subject.descriptor],
            "predicateType": PREDICATE,
            "predicate": {
                "attributes": [
                    {"attribute": name, "conditions": dict(conditions), **about}
                    for name, conditions in attributes
                ]
            },
        }
    )


def _entries(manifest: Manifest, subject: Subject) -> tuple[Sequence[Entry], int]:
    """The entries of *subject*, and how many of its files have none."""
    if subject.hashes is None:
        return manifest.entries, 0
    wanted = set(subject.hashes)
    entries = _first_of_each(entry for entry in manifest.entries if entry.hash in wanted)
    if not entries:
        msg = (
            f"{subject.descriptor['name']} contains no file of {manifest.path}: build the manifest "
            "from the commit that it was built from"
        )
        raise UsageError(msg)
    known = {entry.hash for entry in entries}
    return entries, sum(content not in known for content in subject.hashes)


def _first_of_each(entries: Iterable[Entry]) -> list[Entry]:
    """*entries*, in order; of several with one content, the first."""
    return list({entry.hash: entry for entry in reversed(list(entries))}.values())[::-1]


def _dumps(statement: Mapping[str, Any]) -> bytes:
    return json.dumps(statement, sort_keys=True, separators=(",", ":")).encode("ascii") + b"\n"
