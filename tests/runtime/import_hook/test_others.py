"""Other tools that rewrite or watch modules do so under our hook as they do without it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.application import run

SHOP = "def order(count: int) -> int:\n    assert count < 9\n    return count\n"
ASKED = """
import os
os.utime("shop/orders.py")
from shop.orders import order
try:
    order("apple")
except BaseException as error:
    print(type(error).__name__)
print(aiprov_otel.provenance_of(order).match)
"""
OURS = "import aiprov_otel; aiprov_otel.install(); aiprov_otel.install_import_hook('shop'{})\n"
THEIRS = {
    "typeguard": "import typeguard; typeguard.install_import_hook('shop')\n",
    "beartype": "from beartype.claw import beartype_package; beartype_package('shop')\n",
}
RAISED = {"typeguard": "TypeCheckError", "beartype": "BeartypeCallHintParamViolation"}
MODES = ("annotate", "count", "metrics", "spans")
ELSEWHERE = Path(__file__).parent / "programs/elsewhere"
TESTS = """
from shop.fixtures import Checks

class TestChecks(Checks):
    pass

def test_numbers(made, cart, request):
    assert made(more=1) > 1 and cart
    assert not request.config.getoption("loud")
"""
SPAWNING = """
from shop.spawned import answer
if __name__ == "__main__":
    print(answer())
"""


@pytest.fixture
def shop(application):
    """A package whose types are checked by somebody else."""
    application.write("shop/__init__.py", "")
    application.write("shop/orders.py", SHOP)
    application.manifest()
    return application.folder


@pytest.mark.matrix
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("tool", THEIRS)
def test_a_checker_of_types_that_was_there_first(shop, tool, mode):
    """
    What it puts into a module is there, and the module is verified.
    """
    hooks = THEIRS[tool] + OURS.format(f", mode={mode!r}")

    assert run(hooks + ASKED, shop) == f"{RAISED[tool]}\nexact\n"


@pytest.mark.parametrize("mode", MODES)
def test_beartype_may_come_later(shop, mode):
    """
    It changes the loader itself, so the order does not matter.
    """
    hooks = OURS.format(f", mode={mode!r}") + THEIRS["beartype"]

    assert run(hooks + ASKED, shop) == f"{RAISED['beartype']}\nexact\n"


@pytest.mark.parametrize("mode", MODES)
def test_typeguard_may_come_later(shop, mode):
    """
    It asks nobody when it comes last: its checks are there, and ours are not in the way.
    """
    hooks = OURS.format(f", mode={mode!r}") + THEIRS["typeguard"]

    assert run(hooks + ASKED, shop).startswith(f"{RAISED['typeguard']}\n")


@pytest.mark.parametrize("mode", MODES)
def test_pytest_rewrites_assertions(shop, mode):
    """
    A test module below an observed package explains its assertions as ever.
    """
    (shop / "shop/test_orders.py").write_text(
        "from shop.orders import order\ndef test_it():\n    assert order(1) == 2\n"
    )
    (shop / "conftest.py").write_text(OURS.format(f", mode={mode!r}"))
    said = _pytest(shop, "-q", "shop/test_orders.py").stdout
    assert "assert 1 == 2" in said
    assert "where 1 = order(1)" in said


def _pytest(shop, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=shop,
        env={**os.environ, "PYTHONPATH": str(shop), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.matrix
@pytest.mark.parametrize("mode", MODES)
def test_pytest_finds_what_an_observed_package_registers(shop, mode):
    """
    Fixtures, hooks, options and tests that a package has for pytest are found, and run in order.
    """
    (shop / "test_it.py").write_text(TESTS)
    shutil.copy(ELSEWHERE / "fixtures.py", shop / "shop")

    def steps(hook):
        (shop / "conftest.py").write_text(hook + 'pytest_plugins = ["shop.fixtures"]\n')
        *lines, _, counts = _pytest(shop, "-v", "--setup-show", "test_it.py").stdout.splitlines()
        return lines, re.findall(r"\d+ [a-z]+", counts.partition(" in ")[0])

    bare, ours = steps(""), steps(OURS.format(f", mode={mode!r}"))
    assert ours == bare
    assert ours[1] == ["4 passed", "1 xfailed"]


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """The same package in a folder whose programs have no hook."""
    folder = tmp_path_factory.mktemp("bare")
    (folder / "shop").mkdir()
    (folder / "shop/__init__.py").touch()
    return folder


@pytest.fixture(scope="module")
def bare_answer(bare):
    """What comes back from another process without the hook."""
    return _spawned(bare, "")


@pytest.mark.matrix
@pytest.mark.parametrize("mode", MODES)
def test_processes_are_spawned(shop, bare_answer, mode):
    """
    Functions, methods, objects and exceptions go to another process and back as ever.
    """
    assert _spawned(shop, OURS.format(f", mode={mode!r}")) == bare_answer
    assert "KeyError(7)" in bare_answer


def _spawned(folder, hook):
    shutil.copy(ELSEWHERE / "spawned.py", folder / "shop")
    (folder / "main.py").write_text(hook + SPAWNING)
    return subprocess.run(
        [sys.executable, "main.py"], cwd=folder, capture_output=True, text=True, check=True
    ).stdout


BRANCHES = (
    "class Basket:\n    '''Holds.'''\n\n    def take(self, n):\n        for each in range(n):\n"
    "            if each > 1:\n                return each\n            else:\n"
    "                continue\n        return None\n\n\n@staticmethod\ndef odd(n):\n"
    "    '''Odd.'''\n    try:\n        return 1 / n\n    except ZeroDivisionError:\n"
    "        pass\n    finally:\n        n = 2\n    with open(__file__) as file:\n"
    "        return [x for x in (1, 2) if x > 1], (lambda: 1)()\n\n\ndef gen():\n"
    "    yield 1\n    x = yield 2\n    if x:\n        yield 3\n\n\n"
    "def said():\n    'Said.'\n\n\n"
    "def fail(n):\n    if n:\n        raise KeyError(n)\n    return [\n        each\n"
    "        for each in (n,)\n        if each\n    ]\n\n\ndef chosen(thing):\n"
    "    match thing:\n        case 1:\n            if False:\n                return 1\n"
    "        case _:\n            if False:\n                return 0\n"
)
BRANCHING = (
    "import shop.branches as b\n"
    "b.Basket().take(1), b.Basket().take(4), b.odd(0), b.odd(1), list(b.gen())\n"
    "b.said(), b.fail(0), b.chosen(0)\ntry:\n    b.fail(1)\nexcept KeyError:\n    pass\n"
)


@pytest.fixture(scope="module", params=["ctrace", "sysmon"])
def core(request):
    """What coverage measures with."""
    if request.param == "sysmon" and sys.version_info < (3, 12):
        pytest.skip("coverage has that core from Python 3.12 on")
    return request.param


@pytest.fixture(scope="module")
def bare_coverage(bare, core):
    """What coverage reports without the hook."""
    return _covered(bare, core, "")


@pytest.mark.parametrize("mode", MODES)
def test_coverage_counts_the_same(shop, core, bare_coverage, mode):
    """
    Lines and branches that coverage reports are those it reports without the hook.
    """
    assert _covered(shop, core, OURS.format(f", mode={mode!r}")) == bare_coverage
    assert "100%" not in bare_coverage


def _covered(folder, core, hook):
    (folder / "shop/branches.py").write_text(BRANCHES)
    (folder / "main.py").write_text(hook + BRANCHING)
    data = {"COVERAGE_CORE": core, "COVERAGE_FILE": str(folder / f"{core}.data")}
    coverage = [sys.executable, "-m", "coverage"]
    options = {"cwd": folder, "env": {**os.environ, **data}, "check": True, "capture_output": True}
    subprocess.run([*coverage, "run", "--branch", "--source=shop", "main.py"], **options)
    report = [*coverage, "report", "--show-missing", "--include=shop/branches.py"]
    return subprocess.run(report, **options).stdout.decode()
