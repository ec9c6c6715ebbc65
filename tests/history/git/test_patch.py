"""Patches: the same whatever a repository or a user sets, and read as git means them."""

from __future__ import annotations

import pytest

from aiprov_otel.errors import HistoryError
from aiprov_otel.history.git.patch import FilePatch, Hunk, read_patch
from aiprov_otel.history.git.repository import Git

# Settings, attributes and drivers that change how git prints a patch.
SETTINGS = [
    ("color", "diff", "always"),
    ("color", "ui", "always"),
    ("core", "attributesFile", "{folder}/attributes"),
    ("core", "quotePath", "true"),
    ("diff", "algorithm", "patience"),
    ("diff", "colorMoved", "zebra"),
    ("diff", "context", "9"),
    ("diff", "dstPrefix", "after/"),
    ('diff "evil"', "algorithm", "patience"),
    ('diff "evil"', "binary", "true"),
    ('diff "evil"', "command", "touch {folder}/started; false"),
    ('diff "evil"', "textconv", "touch {folder}/started; echo converted"),
    ("diff", "external", "touch {folder}/started; false"),
    ("diff", "indentHeuristic", "false"),
    ("diff", "interHunkContext", "50"),
    ("diff", "mnemonicPrefix", "true"),
    ("diff", "noprefix", "true"),
    ("diff", "orderFile", "{folder}/order"),
    ("diff", "relative", "true"),
    ("diff", "renameLimit", "1"),
    ("diff", "renames", "copies"),
    ("diff", "srcPrefix", "before/"),
    ("diff", "suppressBlankEmpty", "true"),
    ("diff", "wsErrorHighlight", "all"),
    ("log", "diffMerges", "dense-combined"),
    ("log", "showRoot", "false"),
]
OLD = "".join(f"x{n} = {n}\n" for n in range(20))
NEW = OLD.replace("x3 = 3\n", "x3 = 4\n") + "y = 1\n"
PERSON = {
    f"GIT_{role}_{part}": "ada@example.org"
    for role in ("AUTHOR", "COMMITTER")
    for part in ("NAME", "EMAIL")
}
EDITED = (Hunk(range(4, 5), range(4, 5)), Hunk(range(20, 20), range(21, 22)))
PATCH = [
    FilePatch("deleted.py", None, (Hunk(range(1, 21), range(0)),)),
    FilePatch("edited.py", "edited.py", EDITED),
    FilePatch("moved.py", "größe\t.py", ()),
    FilePatch(None, "new.py", (Hunk(range(0), range(1, 2)),)),
    FilePatch("old.py", "a name.py", (Hunk(range(1, 2), range(1, 2)),)),
]


@pytest.fixture
def merged(repo):
    """A repository whose last commit, a merge, changes files in every way, by its first parent."""
    for name in ("deleted", "edited", "moved", "old"):
        repo.write(f"{name}.py", OLD.replace("x", f"{name}_") if name != "edited" else OLD)
    repo.git("add", "-A")
    first = repo.record("Begin")
    repo.git("switch", "--quiet", "-c", "side")
    repo.git("rm", "--quiet", "deleted.py")
    repo.git("mv", "moved.py", "größe\t.py")
    repo.git("mv", "old.py", "a name.py")
    repo.write("a name.py", OLD.replace("x", "old_").replace("old_0 = 0", "old_0 = 1"))
    repo.write("edited.py", NEW)
    repo.write("new.py", "z = 1\n")
    repo.git("add", "-A")
    repo.record("Change it")
    repo.git("switch", "--quiet", "main")
    merged = repo.git(
        "commit-tree", "-p", first, "-p", "side", "-m", "Merge it", "side^{tree}", **PERSON
    )
    repo.git("reset", "--quiet", "--hard", merged)
    return repo, first


def read(repo, first):
    """The patches of the last commit, by each command that we ask."""
    git = Git(repo.path)
    renames = ("--find-renames", "--text")
    show = ("--format=", "--first-parent", "--diff-merges=first-parent")
    return {
        "diff": read_patch(git, "diff", *renames, first, paths=["*.py"]),
        "diff-tree": read_patch(git, "diff-tree", "-r", "-p", *renames, first, "HEAD"),
        "show": read_patch(git, "show", *show, *renames, "HEAD"),
        "blobs": read_patch(git, "diff", "--text", f"{first}:edited.py", "HEAD:edited.py"),
    }


def test_files_and_their_lines(merged):
    """
    A patch has each file's names before and afterwards, also where no line changed, and the lines
    that were replaced.
    """
    patches = read(*merged)

    for name in ("diff", "diff-tree", "show"):
        assert sorted(patches[name], key=str) == sorted(PATCH, key=str), name
    assert [file.hunks for file in patches["blobs"]] == [EDITED]


def test_no_setting_or_attribute_changes_a_patch(merged, tmp_path, monkeypatch):
    """
    With each setting, driver and attribute that changes how git prints a patch, ours are the same,
    and no program was started.
    """
    plain = read(*merged)
    (tmp_path / "order").write_text("z*\nnew.py\n")
    (tmp_path / "attributes").write_text("*.py binary\n")
    (tmp_path / "config").write_text(
        "".join(
            f"[{section}]\n{name} = {value.format(folder=tmp_path)!r}\n"
            for section, name, value in SETTINGS
        ).replace("'", '"')
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))

    for attributes in ("-diff", "binary", "diff=evil", "text eol=crlf"):
        merged[0].write(".git/info/attributes", f"*.py {attributes}\n")
        assert read(*merged) == plain, attributes
    assert not (tmp_path / "started").exists()


def test_a_pattern_of_paths_spares_large_files(merged):
    """
    With patterns, only the files that match are printed, in each folder.
    """
    repo, first = merged
    repo.commit("deep/er.pyw", "a = 1\n")
    repo.commit("deep/video.bin", b"\0" * 1_000_000)
    git = Git(repo.path)

    limited = read_patch(git, "diff", "--text", first, paths=["*.pyw"])

    assert [file.new for file in limited] == ["deep/er.pyw"]


def test_a_failure_names_the_command(merged):
    """
    A commit that is not there is one line with git's command and reason.
    """
    with pytest.raises(HistoryError, match=r"git diff failed in .*: bad object"):
        read_patch(Git(merged[0].path), "diff", "f" * 40)
