from __future__ import annotations

import re
import shutil
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest

from aiprov_otel.manifest import Manifest
from support.command import UNMEASURED, environment, invoke
from support.measured import make_shop, run_python

PLUGIN = ("-m", "pytest", "-p", "no:cacheprovider", "--aiprov")
RAISED = re.compile(
    r"ValueError at src/shop/cart.py:5 ◀ ai claude-code claude-opus-4-6 [0-9a-f]{9}\n"
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A shop with a failing test, and a test that fails by itself."""
    repo = make_shop(tmp_path_factory.mktemp("tested") / "shop")
    repo.commit("tests/test_self.py", "def test_it():\n    assert [] == [1]\n")
    return repo


@pytest.fixture(scope="module")
def ran(shop):
    """What `pytest --aiprov` printed and wrote for JUnit, with coverage by pytest-cov."""
    return run_python(
        shop, *PLUGIN, "--cov=src", "--cov-branch", "--cov-report=", "--junit-xml=junit.xml"
    )


def test_a_failing_test_shows_who_wrote_the_raising_line(ran):
    """
    The failure of a test ends with the innermost line of the application, and who wrote it; one
    that the test itself raised has none.
    """
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert RAISED.findall(ran.stdout)
    assert ran.stdout.count("◀") == 1


def test_a_summary_of_failures_and_of_covered_lines(ran):
    """
    The run ends with failures by origin, agent and model, and with covered lines and branches.
    """
    summary = [line.rstrip() for line in ran.stdout.partition("= origins =")[2].splitlines()]

    assert "origin              agent        model            failures" in summary
    assert "ai                  claude-code  claude-opus-4-6         1" in summary
    assert "raised by the test                                       1" in summary
    assert "origin  covered lines  share  branches" in summary
    assert "ai            8 of 11  72.7%" in summary
    assert "human          3 of 4  75.0%    1 of 2" in summary
    assert "claude-opus-4-6        8 of 11  72.7%" in summary


def test_coverage_goes_on_as_it_would(tmp_path):
    """
    Under `coverage run` the data is saved after the summary, also where `[paths]` maps it.
    """
    repo = make_shop(tmp_path / "shop")
    paths = "[paths]\nsource =\n    src\n    */lib\n"
    excluded = "[report]\nexclude_also = raise ValueError\n"
    repo.commit("mapped.ini", f"[run]\nsource = src\n{paths}{excluded}")
    tests = ["-m", "coverage", "run", "--rcfile=mapped.ini", *PLUGIN]
    done = run_python(repo, *tests)
    report = run_python(repo, "-m", "coverage", "report", "--rcfile=mapped.ini")

    assert re.search(r"^ai +\d+ of 10 ", done.stdout, re.MULTILINE), done.stdout + done.stderr
    assert "Warning" not in done.stderr
    assert "src/shop/cart.py" in report.stdout, report.stderr


def test_an_installed_copy_is_covered_too(tmp_path):
    """
    Where tests run a copy outside of the repository, its lines are those of the sources.
    """
    repo = make_shop(tmp_path / "shop")
    site = tmp_path / "lib" / "python3" / "site-packages"
    shutil.copytree(repo.path / "src", site)
    repo.write("conftest.py", f"import sys\nsys.path.insert(0, {str(site)!r})\n")

    done = run_python(repo, "-m", "coverage", "run", "--include=*/shop/*.py", *PLUGIN)

    assert re.search(r"^ai +8 of 11 +72.7%", done.stdout, re.MULTILINE), done.stdout + done.stderr


def test_junit_has_the_line_as_properties(ran, shop):
    """
    A report for JUnit has the attributes that a span has, on the test that failed.
    """
    found = {
        case.attrib["name"]: {p.attrib["name"]: p.attrib["value"] for p in case.iter("property")}
        for case in ET.parse(shop.path / "junit.xml").iter("testcase")
    }

    assert found["test_what_is_in_stock"] == {}
    properties = found["test_a_cart_of_strings_is_refused"]
    assert properties["aiprov.exception.origin"] == "ai"
    assert properties["aiprov.exception.model.name"] == "claude-opus-4-6"
    assert properties["code.line.number"] == "5"


@pytest.mark.matrix
def test_workers_of_xdist_annotate_their_own_failures(shop):
    """
    Under xdist the same lines and the same summary are printed, from a manifest too.
    """
    assert invoke("build", "-o", "m", cwd=shop.path).returncode == 0
    assert Manifest.load(shop.path / "m").entries

    done = run_python(shop, *PLUGIN, "-n", "1", "--aiprov-manifest", "m")

    assert done.returncode == 1, done.stdout + done.stderr
    assert len(RAISED.findall(done.stdout)) == 1
    assert "ai                  claude-code  claude-opus-4-6         1" in done.stdout


def test_without_git_the_results_are_the_same(shop, tmp_path):
    """
    Where nothing is known, one line gives the reason, and tests pass and fail as they would.
    """
    (tmp_path / "test_it.py").write_text("def test_it():\n    {}['a']\n")

    done = subprocess.run(
        [sys.executable, *PLUGIN],
        cwd=tmp_path,
        env=environment(GIT_CEILING_DIRECTORIES=str(tmp_path.parent)),
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert "1 failed" in done.stdout
    assert "aiprov: neither a git repository nor an aiprov.manifest in" in done.stdout


@pytest.mark.parametrize(("options", "modules"), [((), []), (("--aiprov",), ["session"])])
def test_nothing_is_imported_unless_asked_for(tmp_path, options, modules):
    """
    Without the option, the plug-in costs the import of two empty modules; with it, a run that
    passes costs one more.
    """
    ours = {"aiprov_otel", "aiprov_otel.pytest_plugin"}
    ours |= {f"aiprov_otel.pytest_plugin.{name}" for name in modules}
    (tmp_path / "test_it.py").write_text(
        "import sys\n\n\ndef test_it():\n"
        "    ours = {name for name in sys.modules if name.startswith('aiprov_otel')}\n"
        f"    assert ours == {ours!r}\n"
        "    assert not any(name.startswith('opentelemetry') for name in sys.modules)\n"
    )

    done = subprocess.run(
        [sys.executable, *PLUGIN[:-1], "-W", "error", *options],
        cwd=tmp_path,
        env=environment(**UNMEASURED),
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout
    assert "origins" not in done.stdout
