"""`aiprov dashboards`: the files, whole or not at all."""

from __future__ import annotations

from aiprov_otel.backends import texts
from support.command import invoke


def test_the_files_are_written_and_written_again(tmp_path):
    """
    All of them are there, in folders of their own; a second time changes nothing.
    """
    first = invoke("dashboards", "./observability", cwd=tmp_path)
    second = invoke("dashboards", "./observability", cwd=tmp_path)

    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    assert first.stdout == (
        f"wrote {len(texts())} files; observability/README.md explains where each belongs\n"
    )
    folder = tmp_path / "observability"
    written = {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert written == texts()


def test_what_was_changed_is_replaced_by_force_alone(tmp_path):
    """
    One line names the file, nothing is written beside it; --force replaces it.
    """
    rules = tmp_path / "prometheus" / "aiprov-requests.rules.yml"
    rules.parent.mkdir()
    rules.write_text("mine\n")

    refused = invoke("dashboards", ".", cwd=tmp_path)

    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert "aiprov-requests.rules.yml would be replaced; nothing was written" in refused.stderr
    assert "--force" in refused.stderr
    assert list(rules.parent.iterdir()) == [rules]
    assert invoke("dashboards", ".", "--force", cwd=tmp_path).returncode == 0
    assert rules.read_text() == texts()["prometheus/aiprov-requests.rules.yml"]


def test_a_file_in_the_way_is_one_line(tmp_path):
    """
    The folder's name is that of a file.
    """
    (tmp_path / "taken").write_text("")

    refused = invoke("dashboards", "taken", cwd=tmp_path)

    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "taken" in refused.stderr
