"""What is refused, in one line with the command that helps; and the folder of what is lent."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import distributions, entry_points, version

import pytest

from aiprov_otel.lending import packages, room
from aiprov_otel.lending.launch import Run
from aiprov_otel.lending.room import NotLent, Room, lend
from aiprov_otel.lending.survey import Survey, start_survey, survey

BARE = Survey("{}.{}.0".format(*sys.version_info), "/v/bin/python", {"pip": "25"}, prefix="/v")
RELEASE = packages.own_release()
BETA = f"0.{RELEASE.minor + 21}b{RELEASE.patch}"


@pytest.fixture(scope="module")
def lent():
    """What a bare environment of this Python gets; fetched once on a machine."""
    return lend(BARE, os.environ)


def having(**versions: str) -> Survey:
    """A survey with these packages."""
    names = {name.replace("_", "-"): version for name, version in versions.items()}
    return replace(BARE, packages={**BARE.packages, **names})


@pytest.mark.parametrize(
    ("about", "said"),
    [
        (replace(BARE, python="3.9.18"), "/v/bin/python is Python 3.9.18; aiprov-otel needs"),
        (replace(BARE, implementation="pypy"), "/v/bin/python is pypy "),
        (
            having(opentelemetry_api="1.27.0"),
            f"run `/v/bin/python -m pip install 'opentelemetry-api>=1.{RELEASE.minor}'`",
        ),
        (
            having(opentelemetry_api="1.40.0", opentelemetry_instrumentation_flask="0.60b1"),
            f"'opentelemetry-instrumentation-flask>=0.{RELEASE.minor + 21}b0'`",
        ),
        (having(aiprov_otel="0.0.1"), "has aiprov-otel 0.0.1, and this is "),
        (
            replace(having(opentelemetry_api="1.27.0"), externally_managed=True),
            "run `/v/bin/python -m venv .venv && .venv/bin/python -m pip install ",
        ),
    ],
)
def test_what_can_not_be_lent_is_one_line(about, said):
    """
    It says what is there, what is needed, and one command.
    """
    with pytest.raises(NotLent) as error:
        lend(about, os.environ)

    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "version", "needs"),
    [("wrapt", "1.0.0", "wrapt"), ("typing-extensions", "4.0.0", "typing-extensions>=4")],
)
def test_a_package_of_another_version_is_named(lent, name, version, needs):
    """
    The service's own comes first on the path: one that does not fit is a conflict.
    """
    with pytest.raises(NotLent, match=f"has {name} {version}, and .* needs {needs}"):
        lend(having(**{name: version}), os.environ)


def test_without_pip_or_uv_it_says_so(lent, monkeypatch, tmp_path):
    """
    There is nothing to fetch packages with.
    """
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    # The Python of the tests has pip; without it, this is what the import system answers.
    monkeypatch.setattr(room.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path))

    notes = []
    with pytest.raises(NotLent, match="neither pip nor uv is here"):
        lend(replace(BARE, packages={}), os.environ, notes.append)

    assert not notes  # one line, and no other before it


def test_without_a_network_the_reason_is_pip_s(monkeypatch, tmp_path):
    """
    What pip said, and what to do instead; nothing is left that would be taken for whole.
    """
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    alone = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}

    with pytest.raises(NotLent, match="pip can't fetch what is lent"):
        lend(BARE, alone)

    assert [each.name for each in (tmp_path / "aiprov" / "lent").iterdir()] == ["lock"]


def test_the_second_time_needs_no_network(lent):
    """
    The folder is there: pip is not asked again.
    """
    assert lend(BARE, {"PATH": "/nowhere"}) == lent


def test_what_is_lent_is_whole(lent):
    """
    Real files with entry points: ours as well, and no compiled module.
    """
    names = {
        (entry.group, entry.name)
        for each in distributions(path=list(lent.folders))
        for entry in each.entry_points
    }

    assert ("opentelemetry_instrumentor", "aiprov") in names
    assert ("opentelemetry_instrumentor", "flask") in names
    assert ("opentelemetry_configurator", "configurator") in names
    assert len(lent.folders) == 2
    assert not [path for each in lent.folders for path in room.Path(each).rglob("*.so")]


def test_what_is_there_decides_the_release():
    """
    Of the API first: the rest is lent at exactly its release.
    """
    about = having(opentelemetry_api="1.44.0", opentelemetry_instrumentation="0.65b0")

    assert room._release(about) == packages.Release(44, 0)
    assert room._release(BARE) == RELEASE


def test_nothing_is_lent_where_nothing_is_missing():
    """
    An environment with all of it is left as it is.
    """
    own = dict.fromkeys(packages.missing({}), str(RELEASE)) | {
        "aiprov-otel": version("aiprov-otel"),
        "opentelemetry-distro": BETA,
        "opentelemetry-instrumentation": BETA,
    }

    assert lend(replace(BARE, packages=own), {}).folders == ()


def test_an_interpreter_is_asked():
    """
    Its version, its environment and what is installed there.
    """
    about = survey(sys.executable)

    assert about.minor == sys.version_info[:2]
    assert about.prefix == os.path.realpath(sys.prefix)
    assert about.packages["opentelemetry-api"] == version("opentelemetry-api")
    assert entry_points(group="opentelemetry_instrumentor")


def test_no_module_of_the_working_directory_is_run(monkeypatch, tmp_path):
    """
    A repository may have files that are called like modules of Python, or like pip.
    """
    for name in ("platform", "json", "sysconfig", "pip", "aiprov_otel"):
        (tmp_path / f"{name}.py").write_text("open('ran', 'w').close()\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    alone = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}

    about = survey(sys.executable, alone)
    with pytest.raises(NotLent, match="No matching distribution"):
        lend(BARE, alone)

    assert about.minor == sys.version_info[:2]
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("mode", [0o777, 0o775])
def test_a_folder_that_others_may_write_is_refused(monkeypatch, tmp_path, mode):
    """
    What is in it would be on the path of the command.
    """
    folder = tmp_path / "aiprov" / "lent"
    folder.mkdir(parents=True)
    folder.chmod(mode)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    with pytest.raises(NotLent, match=f"other users may write {folder}"):
        lend(BARE, os.environ)


def test_a_report_that_can_not_be_written_is_left_out(tmp_path):
    """
    A process may outlive its run, or change its user: its imports go on.
    """
    run = Run(tmp_path)
    about = survey(sys.executable)
    variables = run.prepare(dict(os.environ), None, (about, Room()))
    code = f"import shutil; shutil.rmtree({str(tmp_path)!r}); import starlette.routing; print('on')"

    done = subprocess.run(
        [sys.executable, "-c", code], env=variables, capture_output=True, text=True
    )

    assert (done.stdout, done.returncode) == ("on\n", 0), done.stderr


def test_an_interpreter_is_not_left_running(tmp_path):
    """Where something fails before it has answered, it is ended."""
    slow = tmp_path / "python"
    slow.write_text(f"#!/bin/sh\nsleep 1\ntouch {tmp_path / 'ran'}\n")
    slow.chmod(0o755)

    with pytest.raises(KeyError), start_survey(slow):
        raise KeyError
    assert not (tmp_path / "ran").exists()
