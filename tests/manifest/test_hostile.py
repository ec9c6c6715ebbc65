"""A manifest that somebody made to do harm costs one line, or one document."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace

import pytest

from aiprov_otel.errors import ManifestError
from aiprov_otel.manifest import Manifest, Run, SourceFile, content_hash, dump
from aiprov_otel.values import Evidence, Match, Origin, Provenance
from support import schema_1
from support.forged import forge

DEEP = "[" * 100_000
AI = Provenance(Origin.AI, evidence=Evidence.FOOTER, path="good.py", match=Match.EXACT)


COMMITTED = replace(AI, commit="c0ffee1234" * 4, time="2026-05-04T10:00:00Z")
NAMES = ("bad.py", "good.py")


def files(said=AI) -> list[SourceFile]:
    """A file that is to be spoilt, and a good one, of three lines each."""
    return [
        SourceFile(n, n, content_hash(n.encode()), (Run(1, 3, which),))
        for n, which in zip(NAMES, (said, AI), strict=True)
    ]


@pytest.fixture
def path(tmp_path):
    """A manifest of a file that is to be spoilt, and of a good one."""
    dump(tmp_path / "m", files(COMMITTED), revision=None, repository_url=None, policy={})
    return tmp_path / "m"


def refused(manifest: Manifest) -> None:
    """The bad file is refused with one line, twice; the good one is read and counted."""
    bad, good = manifest.entries
    assert manifest.source(good).lines == 3
    for _ in range(2):
        with pytest.raises(ManifestError, match=r"^bad\.py in ") as raised:
            manifest.source(bad)
        assert "\n" not in str(raised.value)
    assert manifest.tally([good])[Origin.AI, None, Evidence.FOOTER.strength] == 3


PARTS = {
    "nothing": b"",
    "no types": b"[1, 2]",
    "a type that is none": b"QBB" + bytes(10),
    "not ASCII": b"\xff\xff\xff\3\0\0",
    "half a run": b"BBB\3\0",
    "no lines": b"BBB",
    "a run of no lines": b"BBB\3\0\0\0\0\0",
    "more lines": b"BBB\4\0\0",
    "no end of lines": b"IBB\xff\xff\xff\xff\0\0",
    "a kind that is none": b"BBB\3\2\0",
    "a commit that is none": b"BBB\3\0\2",
}


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_a_bad_part_costs_that_file_once(path, part):
    """
    The others are read and counted, and it is not read again.
    """
    refused(Manifest.load(forge(path, {"bad.py": part})))


@pytest.mark.parametrize("table", [b"", b"x" * 62], ids=["cut off", "changed"])
def test_a_bad_table_of_commits_costs_the_files_that_need_it(path, table):
    """
    A file without a commit is read, and no line of another is answered from the damaged table.
    """
    refused(Manifest.load(forge(path, commits=table)))


def test_a_part_beyond_the_end_is_refused(path):
    """
    What follows in the archive is not part of any file.
    """
    with zipfile.ZipFile(path) as archive:
        entries = json.loads(archive.read("manifest.json"))["files"]
    beyond = {"files": [{**entries[0], "size": 10**12}, entries[1]]}
    refused(Manifest.load(forge(path, index=beyond)))


def document(**changes) -> bytes:
    """A document of schema 1, of three lines, with *changes*."""
    record = {"origin": "ai", "evidence": "footer"}
    good = {"path": "bad.py", "import_path": "bad.py", "hash": "h", "records": [record]}
    return json.dumps({**good, "runs": [[1, 3, 0]], **changes}).encode()


DOCUMENTS = {
    "deep": DEEP.encode(),
    "no object": b"[1, 2]",
    "a record that is none": document(records=[5]),
    "a record with a number": document(records=[{"origin": 1, "evidence": "footer"}]),
    "no lines": document(runs=[]),
    "more lines": document(runs=[[1, 4, 0]]),
    "no end of lines": document(runs=[[1, 10**18, 0]]),
    "a run that is none": document(runs=[7]),
    "a fraction": document(runs=[[1, 1.5, 0], [2, 1.5, 0]][:1]),
}


@pytest.mark.parametrize("data", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_bad_document_of_schema_1_costs_that_file_once(tmp_path, monkeypatch, data):
    """
    The same in an archive of an older version.
    """
    encode = schema_1.encode
    monkeypatch.setattr(  # only what is written: it is read by the real thing
        schema_1, "encode", lambda file: data if file.path == "bad.py" else encode(file)
    )
    refused(Manifest.load(schema_1.write(tmp_path / "m", files())))


@pytest.mark.parametrize(
    "index",
    [
        {"files": [5]},
        {"files": [{"path": 5}]},
        {"repository": {"revision": 5, "url": None}},
        {"repository": {"revision": None, "url": ["x"]}},
        {"repository": None},
        {"policy": 5},
        {"records": 5},
        {"format": ["aiprov-manifest"]},
        {"schema": {}},
        {"kinds": 5},
        {"kinds": [5]},
        {"kinds": [{"origin": 1, "evidence": "footer"}]},
        {"commits": 5},
        {"commits": {"rows": -1, "width": 62, "digest": ""}},
        {"commits": {"rows": 1, "width": 10**30, "digest": 5}},
    ],
    ids=str,
)
def test_an_odd_index_is_refused_with_one_line(path, index):
    """
    Whatever has another type than we write is a ManifestError, or of no consequence.
    """
    try:
        Manifest.load(forge(path, index=index))
    except ManifestError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("lines", 10**18),
        ("lines", "3"),
        ("path", None),
        ("document", 5),
        ("start", -1),
        ("size", ""),
    ],
)
def test_an_odd_entry_is_refused_with_one_line(path, key, value):
    """
    So is an entry that names no text, or more lines than a file can have.
    """
    entry = {"path": "a.py", "import_path": "a.py", "hash": "h", "lines": 3, "digest": "d"}
    forge(path, index={"files": [{**entry, key: value}]})

    with pytest.raises(ManifestError, match="is not a whole manifest"):
        Manifest.load(path)


def test_a_deep_index_is_refused_with_one_line(tmp_path):
    """
    JSON that is nested beyond the stack is a ManifestError.
    """
    with zipfile.ZipFile(tmp_path / "m", "w") as archive:
        archive.writestr("manifest.json", DEEP)

    with pytest.raises(ManifestError, match="is not a whole manifest"):
        Manifest.load(tmp_path / "m")


def test_what_is_deployed_is_counted_without_a_bad_document(path, monkeypatch, caplog):
    """
    The metric of lines has those of the other files, and one warning names the document.
    """
    from aiprov_otel.runtime import metrics

    monkeypatch.delenv("AIPROV_STRICT")

    assert metrics._lines([Manifest.load(forge(path, {"bad.py": b"BBB"}))]).total() == 3
    assert caplog.text.count("manifest-unreadable") == 1
