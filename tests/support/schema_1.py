"""Writes manifests of schema 1, as versions before this one did."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from aiprov_otel.manifest import SourceFile, kind


def write(path: Path, files: Iterable[SourceFile], **index: Any) -> Path:
    """Write *files* to *path*; *index* replaces keys of the index."""
    documents = {f"files/{file.path}.json": (file, encode(file)) for file in files}
    told = {
        "format": "aiprov-manifest",
        "schema": 1,
        "repository": {"revision": "c0ffee", "url": None},
        "policy": {},
        "files": [
            {
                "path": file.path,
                "import_path": file.import_path,
                "hash": file.hash,
                "lines": file.lines,
                "document": name,
                "digest": hashlib.sha256(data).hexdigest(),
            }
            for name, (file, data) in documents.items()
        ],
    }
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", json.dumps({**told, **index}))
        for name, (_, data) in documents.items():
            archive.writestr(name, data)
    return path


def encode(file: SourceFile) -> bytes:
    """The document of *file*: each record once, then `[first, count, index of the record]`."""
    records = list(dict.fromkeys(run.provenance for run in file.runs))
    document = {
        "path": file.path,
        "import_path": file.import_path,
        "hash": file.hash,
        "records": [kind.to_json(record) for record in records],
        "runs": [[run.first, run.count, records.index(run.provenance)] for run in file.runs],
    }
    return json.dumps({**document, "generated": True} if file.generated else document).encode()
