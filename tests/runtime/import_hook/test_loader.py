"""How a module comes to be instrumented: by which loader, from which cache, or not at all."""

from __future__ import annotations

import importlib
import importlib.util
import itertools
import sys
import zipfile
from importlib.machinery import SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path

import pytest

import aiprov_otel
from aiprov_otel.runtime.import_hook import loader
from aiprov_otel.runtime.import_hook.call_table import REGISTRY
from aiprov_otel.runtime.import_hook.counters import CALLS
from support.application import process, run
from support.counters import calls
from support.faults import Fault, Trace, from_handler


def test_a_reload_counts_on(application, load):
    """
    A module that is loaded again from the same text has the same counters; from another, new ones.
    """
    shop = load("def tick():\n    pass\n")
    shop.tick()
    importlib.reload(shop).tick()
    assert calls("tick") == 2
    application.place("shop/kinds.py", "x = 1\ndef tick():\n    pass\n")
    importlib.reload(shop).tick()
    assert sorted(function.row[CALLS] for function in REGISTRY) == [1, 2]


def test_what_cannot_be_rewritten_is_imported_as_it_is(load, caplog, monkeypatch):
    """
    A file that our block is too much for runs, and one line says so.
    """
    monkeypatch.delenv("AIPROV_STRICT")

    def nested(depth):
        loops = "".join(f"{' ' * (n + 1)}for x{n} in (1,):\n" for n in range(depth))
        return f"def deep():\n{loops}{' ' * (depth + 1)}return x0\n"

    shop = load(next(nested(depth) for depth in range(30, 0, -1) if compiles(nested(depth))))
    assert shop.deep() == 1
    (said,) = [each for each in caplog.messages if "not-rewritten" in each]
    assert said.startswith("shop.kinds is not rewritten: too many statically nested blocks")


def compiles(text):
    """Whether Python takes *text*."""
    try:
        return compile(text, "deep", "exec")
    except SyntaxError:
        return None


def test_a_mistake_in_a_module_is_python_s_to_tell(application):
    """
    A syntax error has the traceback that it has without us; only the missing provider is logged.
    """
    application.place("shop/__init__.py", "")
    application.place("shop/wrong.py", "def f():\n    return 1 +\n")
    application.manifest()
    hook = "import aiprov_otel; aiprov_otel.install_import_hook('shop', mode='metrics')\n"
    told = [
        process(f"{first}\nimport shop.wrong", application.folder).stderr for first in ("\n", hook)
    ]
    assert told[0] == told[1].partition("(provider-missing)\n")[2]
    assert "invalid syntax" in told[0]


def test_the_cache(application):
    """
    Instrumented bytecode is kept under a name of its own, and is good for one text and one mode;
    Python's own cache has nothing of it.
    """
    path = application.write("shop.py", "def f():\n    return 1\n")
    application.manifest()
    asked = """
import sys, ast
parsed = []
parse = ast.parse
ast.parse = lambda text, *given: parsed.append(text) or parse(text, *given)
import aiprov_otel
aiprov_otel.install_import_hook("shop", mode=sys.argv[1])
import shop
from aiprov_otel.runtime.import_hook.call_table import REGISTRY
one = shop.f()
print(one, [function.row[0] for function in REGISTRY], any('def f' in str(text) for text in parsed))
"""

    def told(mode):
        code = f"import sys; sys.argv = ['', {mode!r}]\n{asked}"
        return run(code, application.folder, PYTHONDONTWRITEBYTECODE="")

    assert told("metrics") == "1 [1] True\n"
    assert told("metrics") == "1 [1] False\n"
    assert told("count") == "1 [1] True\n"
    names = sorted(each.name for each in (application.folder / "__pycache__").iterdir())
    ours = [each for each in names if "aiprov" in each]
    assert len(ours) == 2
    assert names == ours
    application.place("shop.py", "def f():\n    return 22\n")
    assert told("metrics") == "22 [1] True\n"
    assert run("import shop; print(shop.f.__code__.co_varnames)", application.folder) == "()\n"
    for each in (application.folder / "__pycache__").glob("*aiprov*"):
        each.write_bytes(each.read_bytes()[:40])
    assert told("metrics") == "22 [1] True\n"
    assert path.exists()


def test_provenance_is_not_in_the_cache(application):
    """
    The same bytecode serves under another manifest.
    """
    application.write("shop.py", "def f():\n    return 1\n")
    application.manifest()
    asked = """
import aiprov_otel
aiprov_otel.install_import_hook("shop", mode="metrics")
import shop
print(aiprov_otel.provenance_of(shop.f).origin)
"""
    assert run(asked, application.folder, PYTHONDONTWRITEBYTECODE="") == "ai\n"
    for kept in (application.folder / "__pycache__").iterdir():
        assert b"claude" not in kept.read_bytes()


def test_nothing_is_written_where_nothing_may_be(application, monkeypatch):
    """
    A folder that can't be written to, and `PYTHONDONTWRITEBYTECODE`, are no obstacle.
    """
    application.write("shop.py", "def f():\n    return 1\n")
    application.manifest()
    (application.folder / "__pycache__").write_text("no folder")
    asked = (
        "import aiprov_otel; aiprov_otel.install_import_hook('shop', mode='metrics')\n"
        "import shop; print(shop.f())"
    )
    assert run(asked, application.folder, PYTHONDONTWRITEBYTECODE="") == "1\n"
    (application.folder / "__pycache__").unlink()
    assert run(asked, application.folder, PYTHONDONTWRITEBYTECODE="1") == "1\n"
    assert not (application.folder / "__pycache__").exists()


def test_a_zip_is_rewritten_too(application):
    """
    Functions of a module inside a zip count.
    """
    import zipfile

    with zipfile.ZipFile(application.folder / "app.zip", "w") as archive:
        archive.writestr("shop.py", "def f():\n    return 1\n")
    application.manifest()
    asked = """
import sys
sys.path.insert(0, "app.zip")
import aiprov_otel
aiprov_otel.install_import_hook("shop", mode="metrics")
import shop
from aiprov_otel.runtime.import_hook.call_table import REGISTRY
print(shop.f(), [function.row[0] for function in REGISTRY])
"""
    assert run(asked, application.folder) == "1 [1]\n"


def test_a_loader_of_its_own_kind_is_left_alone(application, caplog, monkeypatch):
    """
    A loader that compiles in its own way does so, and one line says so.
    """
    monkeypatch.delenv("AIPROV_STRICT")
    place = application.place("shop.py", "def f():\n    return 1\n")

    class Odd:
        def create_module(self, spec):
            return None

        def get_code(self, name):
            return compile(Path(place).read_text(), str(place), "exec")

        def exec_module(self, module):
            exec(self.get_code(module.__name__), vars(module))

    class Oddly:
        @staticmethod
        def find_spec(name, path=None, target=None):
            return (
                importlib.util.spec_from_file_location(name, place, loader=Odd())
                if name == "shop"
                else None
            )

    application.install()
    sys.meta_path.insert(0, Oddly)
    aiprov_otel.install_import_hook("shop", mode="metrics")
    assert application.module("shop").f() == 1
    assert not list(REGISTRY)
    assert "A Odd loads modules in its own way" in caplog.text


def test_code_that_is_sent_elsewhere_runs_there(application):
    """
    A function that was pickled by value runs in a process that has no hook, and counts nowhere.
    """
    application.write(
        "shop.py",
        "def make():\n    def nested(x):\n        return x + 1\n"
        "    async def later(x):\n        return nested(x)\n    return nested, later\n",
    )
    application.manifest()
    asked = "import cloudpickle, shop; print(cloudpickle.dumps(shop.make()).hex())"
    hook = "import aiprov_otel; aiprov_otel.install_import_hook('shop', mode={!r})\n"
    told = "import asyncio, pickle; one, other = pickle.loads(bytes.fromhex({!r}))\n"
    for mode in ("count", "metrics", "spans"):
        sent = run(hook.format(mode) + asked, application.folder).strip()
        made = told.format(sent) + "print(one(1), one(2), asyncio.run(other(3)))"
        assert run(made, application.folder) == "2 3 4\n"


def test_a_cache_that_was_moved(application):
    """
    Bytecode that was moved with its source is made anew, since it says where its source is.
    """
    application.write("one/shop.py", "def f():\n    return 1\n")
    application.manifest()
    asked = (
        "import sys; sys.path.insert(0, {!r})\nimport aiprov_otel\n"
        "aiprov_otel.install_import_hook('shop', mode='metrics')\n"
        "import shop; print(shop.f(), shop.f.__code__.co_filename)"
    )
    for name in ("one", "other"):
        told = run(asked.format(name), application.folder, PYTHONDONTWRITEBYTECODE="")
        assert told == f"1 {application.folder / name / 'shop.py'}\n"
        (application.folder / name).rename(application.folder / "other")


class Inheriting(SourceFileLoader):
    """A loader that inherits from Python's own, as typeguard's does."""


@pytest.fixture(params=["file", "zip", "inheriting"])
def named(request, application, monkeypatch):
    """Makes the name of another module of the same text, for a loader of each kind."""
    numbers = itertools.count()

    class Finder:
        @staticmethod
        def find_spec(name, path=None, target=None):
            file = application.folder / f"{name}.py"
            inheriting = Inheriting(name, str(file)) if file.exists() else None
            return inheriting and spec_from_file_location(name, file, loader=inheriting)

    def name():
        name = f"shop{next(numbers)}"
        application.write(f"{name}.py", "def total(x):\n    return x\n")
        if request.param == "zip":
            with zipfile.ZipFile(application.folder / f"{name}.zip", "w") as file:
                file.write(application.folder / f"{name}.py", f"{name}.py")
            (application.folder / f"{name}.py").unlink()
            monkeypatch.syspath_prepend(application.folder / f"{name}.zip")
        aiprov_otel.install_import_hook(name, mode="metrics")
        return name

    if request.param == "inheriting":
        sys.meta_path.insert(-1, Finder)
    application.install()
    return name


def test_what_a_signal_handler_raises_reaches_an_import(named):
    """
    Wherever it arrives in the loader, the import raises it, and is not taken for a failure of ours.
    """
    lines, fault = Trace(), Fault("key", lambda: KeyError("a handler's"), from_handler)
    importlib.import_module(named())
    name = named()
    with lines.running():
        importlib.import_module(name)
    sites = [site for site in lines.passed if site.filename == loader.__file__]
    for site in sites:
        name, arriving = named(), Trace(fault, (site, 1))
        with pytest.raises(KeyError) as reached, arriving.running():
            importlib.import_module(name)
        assert reached.value is arriving.raised, site
    assert len(sites) > 10
