"""The archive: what is dumped is loaded, and what is no manifest is said to be none."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
import zipfile
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiprov_otel.errors import AiprovError, ManifestError, ManifestNotFound
from aiprov_otel.manifest import Manifest, Run, SourceFile, dump, tails
from aiprov_otel.values import Evidence, Match, Origin, Provenance
from support import schema_1
from support.application import AI, HUMAN, run, source

CART = source("def total():\n    return 1  # human\n", "src/shop/cart.py")
STOCK = source("def left():\n    return 2\n", "src/shop/stock.py", HUMAN)

words = st.none() | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
commits = words | st.sampled_from(["0" * 40, "c0ffee1234" * 4, "c0ffee12" * 8])
times = words | st.sampled_from(["1970-01-01T00:00:00Z", "2026-05-04T10:00:00Z"])
names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


@st.composite
def sources(draw):
    """A source file with any records, in any runs."""
    path = draw(names)
    first, runs = 1, []
    for count in draw(st.lists(st.sampled_from([1, 2, 300, 70_000]), max_size=5)):
        record = Provenance(
            draw(st.sampled_from(Origin)),
            *(draw(words) for _ in range(3)),
            draw(commits),
            draw(times),
            evidence=draw(st.sampled_from(Evidence)),
            path=path,
            match=Match.EXACT,
        )
        runs.append(Run(first, count, record))
        first += count
    return SourceFile(path, draw(names), draw(names), tuple(runs), draw(st.booleans()))


def write(path, *files, revision="c0ffee", url=None, policy=None):
    """Dump *files* to *path*."""
    dump(path, files, revision=revision, repository_url=url, policy=policy or {})
    return path


@pytest.mark.parametrize("dumped", [write, lambda path, *files: schema_1.write(path, files)])
@given(st.lists(sources(), unique_by=lambda each: each.path, max_size=4))
@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_what_is_dumped_is_loaded(tmp_path, dumped, files):
    """
    Every path, record and run comes back, in order of path, of manifests of schema 1 too.
    """
    files = sorted(files, key=lambda each: each.path)
    manifest = Manifest.load(dumped(tmp_path / "m", *files))

    assert list(manifest.sources()) == files
    for file, entry in zip(files, manifest.entries, strict=True):
        ends = [number for run in file.runs for number in (run.first, run.first + run.count - 1)]
        loaded = manifest.source(entry)
        assert [loaded.line(n) for n in (0, *ends)] == [file.line(n) for n in (0, *ends)]
        assert loaded.lines == file.lines


def test_lines_are_counted_as_they_are(tmp_path):
    """
    By origin, model and strength, and by all but the commit, in both schemas.
    """
    for path in (write(tmp_path / "m", CART, STOCK), schema_1.write(tmp_path / "n", (CART, STOCK))):
        manifest = Manifest.load(path)
        assert manifest.tally(manifest.entries) == {
            (Origin.AI, AI.model, AI.strength): 1,
            (Origin.HUMAN, None, HUMAN.strength): 3,
        }
        for entry in manifest.entries:
            lines, commits = Counter(), {}
            for _, count, by in manifest.source(entry).runs:
                lines[by.origin, by.agent, by.model, by.evidence] += count
                commits[by.commit] = by.time
            assert manifest.commits(entry) == commits
            assert lines == {
                (by.origin, by.agent, by.model, by.evidence): count
                for by, count in manifest.written(entry).items()
            }


def test_a_new_commit_changes_what_it_touched(tmp_path):
    """
    The lines of the other files have the same bytes as before: their digests show what differs.
    """
    old, new = (f"{number:040x}" for number in (9, 1))
    before = replace(AI, commit=old, time="2026-05-04T10:00:00Z")
    after = replace(AI, commit=new, time="2026-05-05T10:00:00Z")
    digests = []
    for touched in (before, after):
        files = [
            SourceFile(name, name, name, (Run(1, 3, said),))
            for name, said in (("a.py", touched), ("b.py", before))
        ]
        manifest = Manifest.load(write(tmp_path / "m", *files))
        digests.append([entry.digest for entry in manifest.entries])

    assert digests[0][0] != digests[1][0]
    assert digests[0][1] == digests[1][1]


def test_runs_follow_each_other(tmp_path):
    """
    Lines between two runs can't be written: it is a mistake of the caller, who reads which lines.
    """
    gap = SourceFile("a.py", "a.py", "h", (Run(1, 1, AI), Run(3, 1, AI)))

    with pytest.raises(ValueError, match="a run of 1 lines at 3, and not at 2"):
        write(tmp_path / "m", gap)


def test_the_repository_and_the_policy_come_back(tmp_path):
    """
    The revision, the address and the policy are those that were dumped.
    """
    policy = {"unmarked": "human"}
    manifest = Manifest.load(write(tmp_path / "m", CART, url="https://e.org/x", policy=policy))

    assert manifest.revision == "c0ffee"
    assert manifest.repository_url == "https://e.org/x"
    assert manifest.policy == policy


def test_the_same_input_gives_the_same_bytes(tmp_path):
    """
    Neither the order of the files nor the time or the folder of the build shows in the manifest.
    """
    one = write(tmp_path / "one", CART, STOCK).read_bytes()
    two = write(tmp_path / "two", STOCK, CART).read_bytes()

    assert one == two


def test_a_person_can_read_it_with_unzip(tmp_path):
    """
    `unzip` lists an index as JSON, commits as lines of text, and arrays as the docs describe them.
    """
    said = replace(AI, commit="c0ffee1234" * 4, time="2026-05-04T10:00:00Z")
    bare = replace(HUMAN, commit=None, time=None)
    file = SourceFile("src/shöp/a b.py", "a.py", "h", (Run(1, 300, bare), Run(301, 2, said)))
    path = write(tmp_path / "m", file)

    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["manifest.json", "commits.txt", "lines.bin"]
        assert archive.testzip() is None
        index = json.loads(archive.read("manifest.json"))
        commits = archive.read("commits.txt").decode().splitlines()
        lines = archive.read("lines.bin")
    (entry,) = index["files"]
    part = lines[entry["start"] :][: entry["size"]]
    ai = next(n for n, each in enumerate(index["kinds"]) if each["origin"] == "ai")

    assert entry["path"] == file.path
    assert commits == [f"{said.commit} {said.time}"]
    assert part == b"HBB" + struct.pack("<2H2B2B", 300, 2, 1 - ai, ai, 0, 1)
    if unzip := shutil.which("unzip"):
        subprocess.run([unzip, "-tqq", path], check=True)


def test_a_manifest_that_was_cut_off_is_no_manifest(tmp_path):
    """
    Truncated at any length, it is a ManifestError that says to build again, and nothing else.
    """
    whole = write(tmp_path / "whole", CART).read_bytes()
    part = tmp_path / "part"
    for length in range(len(whole)):
        part.write_bytes(whole[:length])
        with pytest.raises(ManifestError, match="aiprov build"):
            list(Manifest.load(part).sources())


def test_a_flipped_byte_is_noticed(tmp_path):
    """
    With any one byte changed, it is a ManifestError or says the same about every line.
    """
    whole = write(tmp_path / "whole", CART).read_bytes()
    part = tmp_path / "part"
    for position in range(len(whole)):
        part.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        try:
            assert list(Manifest.load(part).sources()) == [CART]
        except ManifestError as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x05\x06", b"\0" * 100])
def test_what_is_no_zip_is_no_manifest(tmp_path, content):
    """
    A file of another kind is a ManifestError.
    """
    (tmp_path / "m").write_bytes(content)

    with pytest.raises(ManifestError, match="is not a whole manifest"):
        Manifest.load(tmp_path / "m")


@pytest.mark.parametrize(
    "index",
    [
        "[]",
        "{}",
        "nonsense",
        '{"format": "other", "schema": 1}',
        '{"format": "aiprov-manifest", "schema": 1}',
        '{"format": "aiprov-manifest", "schema": 1, "repository": [], "policy": {}, "files": []}',
        '{"format": "aiprov-manifest", "schema": 1, "repository": {}, "policy": {}, "files": [3]}',
        "[" * 100_000,
    ],
)
def test_a_foreign_zip_is_no_manifest(tmp_path, index):
    """
    A zip without our index, or with another one, is a ManifestError.
    """
    with zipfile.ZipFile(tmp_path / "m", "w") as archive:
        archive.writestr("manifest.json", index)
    with zipfile.ZipFile(tmp_path / "other", "w") as archive:
        archive.writestr("wheel.txt", "hello")

    for path in (tmp_path / "m", tmp_path / "other"):
        with pytest.raises(ManifestError, match="is not a whole manifest"):
            Manifest.load(path)


def test_the_records_that_were_read(tmp_path):
    """
    They come back; a manifest of a version that did not write them down loads, and has none.
    """
    told = {"revision": None, "repository_url": None, "policy": {}}
    dump(tmp_path / "m", [CART], **told, records={"refs/notes/ai": "c0ffee"})
    with zipfile.ZipFile(tmp_path / "m") as new, zipfile.ZipFile(tmp_path / "older", "w") as older:
        for name in new.namelist():
            older.writestr(
                name, new.read(name).replace(b'"records":{"refs/notes/ai":"c0ffee"},', b"")
            )

    assert Manifest.load(tmp_path / "m").records == {"refs/notes/ai": "c0ffee"}
    assert Manifest.load(tmp_path / "older").records == {}


def test_a_newer_schema_says_both_versions(tmp_path):
    """
    A manifest of a newer schema is named as such, with what this version reads.
    """
    with zipfile.ZipFile(tmp_path / "m", "w") as archive:
        archive.writestr("manifest.json", '{"format": "aiprov-manifest", "schema": 3}')

    with pytest.raises(ManifestError, match=r"schema 3; this version of aiprov-otel reads 1 and 2"):
        Manifest.load(tmp_path / "m")


def test_keys_of_a_later_version_are_of_no_concern(tmp_path):
    """
    A manifest with more keys than this version knows is read as before.
    """
    whole = Manifest.load(write(tmp_path / "m", CART))
    with zipfile.ZipFile(tmp_path / "m") as archive, zipfile.ZipFile(tmp_path / "n", "w") as new:
        for name in archive.namelist():
            more = archive.read(name).replace(b'{"path"', b'{"mood":"good","path"')
            new.writestr(name, more)

    assert b"mood" in (tmp_path / "n").read_bytes()
    assert Manifest.load(tmp_path / "n").entries == whole.entries


def test_a_document_that_was_changed_is_noticed(tmp_path):
    """
    A document with another digest than the index says is not believed.
    """
    whole = Manifest.load(write(tmp_path / "m", CART, STOCK))
    with zipfile.ZipFile(tmp_path / "m") as archive, zipfile.ZipFile(tmp_path / "n", "w") as new:
        for name in archive.namelist():
            data = archive.read(name)
            new.writestr(name, data[:3] + b"\2" + data[4:] if name == "lines.bin" else data)
    forged = Manifest.load(tmp_path / "n")

    with pytest.raises(ManifestError, match=r"cart\.py in .* was changed"):
        forged.source(forged.entries[0])
    assert forged.source(forged.entries[1]) == whole.source(whole.entries[1])


def test_a_missing_file_says_how_to_write_one(tmp_path):
    """
    No file is a ManifestNotFound with the command that writes one.
    """
    with pytest.raises(ManifestNotFound, match="aiprov build"):
        Manifest.load(tmp_path / "none")


def test_a_folder_is_no_manifest(tmp_path):
    """
    A folder in its place is a ManifestError in one line.
    """
    with pytest.raises(ManifestError, match="can't be read: Is a directory"):
        Manifest.load(tmp_path)


def test_a_manifest_that_may_not_be_read_says_so(tmp_path):
    """
    Without permission it is a ManifestError with the reason of the system.
    """
    path = write(tmp_path / "m", CART)
    path.chmod(0)
    asked = (
        "import os\n"
        "from aiprov_otel.manifest import Manifest\n"
        "from aiprov_otel.errors import ManifestError\n"
        "if os.getuid() == 0: os.setuid(65534)\n"
        "try: Manifest.load('m')\n"
        "except ManifestError as error: print(error)\n"
    )
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)

    assert run(asked, tmp_path).strip().endswith("can't be read: Permission denied")


def test_only_a_regular_file_is_replaced(tmp_path):
    """
    A device or a pipe stays what it is; behind a link, the file that it points to is written.
    """
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "m")
    with pytest.raises(AiprovError, match="not a regular file; name another with --output"):
        write(tmp_path / "pipe", CART)
    write(tmp_path / "link", CART)

    assert (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "link").is_symlink()
    assert Manifest.load(tmp_path / "m").entries


def test_a_dump_that_fails_leaves_nothing_behind(tmp_path):
    """
    Where it can't be written, the old manifest stays whole and no half-written file remains.
    """
    folder = tmp_path / "aiprov.manifest"
    folder.mkdir()
    (folder / "kept").touch()

    with pytest.raises(AiprovError, match="can't write"):
        write(folder, CART)
    with pytest.raises(AiprovError, match="can't write"):
        write(tmp_path / "no" / "such" / "folder", CART)
    assert list(tmp_path.iterdir()) == [folder]


def test_a_dump_that_is_interrupted_leaves_the_old_one(tmp_path):
    """
    While the files are still being gathered, the manifest of before is untouched.
    """
    path = write(tmp_path / "m", CART)
    before = path.read_bytes()

    def interrupted():
        yield STOCK
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dump(path, interrupted(), revision=None, repository_url=None, policy={})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_files_are_found_by_hash_and_by_the_end_of_their_path(tmp_path):
    """
    A deployed copy is known by its content, or by the longest tail of its path.
    """
    flat = source("y = 1\n", "cart.py")
    manifest = Manifest.load(write(tmp_path / "m", CART, flat))

    assert [each.path for each in manifest.with_hash(CART.hash)] == [CART.path]
    assert manifest.with_hash("sha256:0") == []
    for name in ("/app/shop/cart.py", "shop/cart.py", "/x/src/shop/cart.py", r"C:\x\shop\cart.py"):
        assert [each.path for each in manifest.with_tail(name)] == [CART.path]
    assert [each.path for each in manifest.with_tail("/x/pop/cart.py")] == ["cart.py"]
    assert manifest.with_tail("/x/other.py") == []
    assert manifest.named("pop/cart.py") == []


def test_tails_are_longest_first():
    """
    A path loses one folder after the other from its front.
    """
    assert list(tails("/a/b.py")) == ["/a/b.py", "a/b.py", "b.py"]


def test_an_interruption_is_no_damage(tmp_path):
    """
    What a signal handler raises while a document is read passes, and the next reading finds all.
    """

    class Timeout(Exception):
        pass

    def interrupt(*_):
        sys.setprofile(None)
        raise Timeout

    manifest = Manifest.load(write(tmp_path / "m", CART))
    entry = manifest.entries[0]

    def read():
        sys.setprofile(interrupt)
        return manifest.source(entry)

    with pytest.raises(Timeout):
        read()
    assert manifest.source(entry).lines == CART.lines


def test_a_line_that_is_not_there_is_unknown(tmp_path):
    """
    Before the first and after the last line nothing is claimed.
    """
    assert CART.line(1).origin is AI.origin
    assert CART.line(2).origin is HUMAN.origin
    assert CART.line(0).origin is CART.line(3).origin is Origin.UNKNOWN
    assert CART.lines == 2
