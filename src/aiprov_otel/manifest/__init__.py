"""The manifest, the file that carries provenance from the build to the service."""

from aiprov_otel.manifest.archive import (
    SCHEMA,
    Manifest,
    content_hash,
    dump,
    tails,
)
from aiprov_otel.manifest.document import Entry, Run, SourceFile
from aiprov_otel.manifest.locate import FILE_NAME
from aiprov_otel.manifest.unit import decide, unit_lines

__all__ = [
    "FILE_NAME",
    "SCHEMA",
    "Entry",
    "Manifest",
    "Run",
    "SourceFile",
    "content_hash",
    "decide",
    "dump",
    "tails",
    "unit_lines",
]
