"""A manifest that somebody made to do harm costs one line, or one document."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from aiprov_otel.errors import ManifestError
from aiprov_otel.manifest import Manifest, Run, SourceFile, content_hash, dump
from aiprov_otel.values import Evidence, Match, Origin, Provenance

DEEP = "[" * 100_000
AI = Provenance(Origin.AI, evidence=Evidence.FOOTER, path="good.py", match=Match.EXACT)


@pytest.fixture
def forge(tmp_path):
    """Writes a manifest of two files: a good one, and one that holds what is given."""

    def forge(document: str | None = None, **index) -> Path:
        path = tmp_path / "m"
        names = ("bad.py", "good.py")
        files = [SourceFile(n, n, content_hash(n.encode()), (Run(1, 3, AI),)) for n in names]
        dump(path, files, revision=None, repository_url=None, policy={})
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        told = json.loads(members["manifest.json"])
        if document is not None:
            data = members["files/bad.py.json"] = document.encode()
            told["files"][0]["digest"] = hashlib.sha256(data).hexdigest()
        members["manifest.json"] = json.dumps({**told, **index}).encode()
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in members.items():
                archive.writestr(name, data)
        return path

    return forge


def document(**changes) -> str:
    """A document of three lines, with *changes*."""
    record = {"origin": "ai", "evidence": "footer"}
    good = {"path": "bad.py", "import_path": "bad.py", "hash": "h", "records": [record]}
    return json.dumps({**good, "runs": [[1, 3, 0]], **changes})


BAD = {
    "deep": DEEP,
    "no object": "[1, 2]",
    "a record that is none": document(records=[5]),
    "a record with a number": document(records=[{"origin": 1, "evidence": "footer"}]),
    "no lines": document(runs=[]),
    "more lines": document(runs=[[1, 4, 0]]),
    "no end of lines": document(runs=[[1, 10**18, 0]]),
    "a run that is none": document(runs=[7]),
    "a fraction": document(runs=[[1, 1.5, 0], [2, 1.5, 0]][:1]),
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_a_bad_document_costs_that_document_once(forge, text):
    """
    The others are read and counted, and it is not read again.
    """
    manifest = Manifest.load(forge(text))
    bad, good = manifest.entries

    assert manifest.source(good).lines == 3
    for _ in range(2):
        with pytest.raises(ManifestError, match=r"^files/bad\.py\.json in ") as raised:
            manifest.source(bad)
        assert "\n" not in str(raised.value)
    assert manifest.tally([good])[Origin.AI, None, Evidence.FOOTER.strength] == 3


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
    ],
    ids=str,
)
def test_an_odd_index_is_refused_with_one_line(forge, index):
    """
    Whatever has another type than we write is a ManifestError, or of no consequence.
    """
    try:
        Manifest.load(forge(**index))
    except ManifestError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("key", "value"), [("lines", 10**18), ("lines", "3"), ("path", None), ("document", 5)]
)
def test_an_odd_entry_is_refused_with_one_line(forge, key, value):
    """
    So is an entry that names no text, or more lines than a file can have.
    """
    path = forge()
    entry = {"path": "a.py", "import_path": "a.py", "hash": "h", "lines": 3, "digest": "d"}
    path = forge(files=[{**entry, "document": "files/bad.py.json", key: value}])

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


def test_what_is_deployed_is_counted_without_a_bad_document(forge, monkeypatch, caplog):
    """
    The metric of lines has those of the other files, and one warning names the document.
    """
    from aiprov_otel.runtime import metrics

    monkeypatch.delenv("AIPROV_STRICT")

    assert metrics._lines([Manifest.load(forge(DEEP))]).total() == 3
    assert caplog.text.count("manifest-unreadable") == 1
