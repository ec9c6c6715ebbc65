"""Functions whose code another library reads are left as they are, and are named."""

from __future__ import annotations

import ast
import json
import sys

import pytest

from aiprov_otel.runtime.import_hook.ast_rewriter import rewrite
from support.application import run

DECORATED = "\n{}\ndef f(x):\n    return x\n\ndef plain():\n    return 1\n"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("import numba\n" + DECORATED.format("@numba.njit"), ["f (numba.njit)"]),
        ("import numba as n\n" + DECORATED.format("@n.njit(cache=True)"), ["f (numba.njit)"]),
        ("from numba import njit as j\n" + DECORATED.format("@j"), ["f (numba.njit)"]),
        ("from numba import cuda\n" + DECORATED.format("@cuda.jit"), ["f (numba.cuda.jit)"]),
        ("import numba.cuda\n" + DECORATED.format("@numba.cuda.jit"), ["f (numba.cuda.jit)"]),
        ("from numba import *\n" + DECORATED.format("@njit"), ["f (numba.njit)"]),
        ("from numba import *\n" + DECORATED.format("@staticmethod"), []),
        ("import numba\n" + DECORATED.format("") + "g = numba.njit(f)\n", ["f (numba.njit)"]),
        (
            "import numba\n" + DECORATED.format("") + "g = numba.njit(cache=True)(f)\n",
            ["f (numba.njit)"],
        ),
        (
            "from numba.experimental import jitclass\n@jitclass\nclass C:\n    def m(self): pass\n",
            ["C (numba.experimental.jitclass)"],
        ),
        ("import torch\n" + DECORATED.format("@torch.compile"), ["f (torch.compile)"]),
        ("import torch\n" + DECORATED.format("@torch.no_grad()"), []),
        ("import taichi as ti\n" + DECORATED.format("@ti.kernel"), ["f (taichi.kernel)"]),
        ("from . import numba\n" + DECORATED.format("@numba.njit"), []),
        ("njit = print  # numba\n" + DECORATED.format("@njit"), []),
        (
            (
                "from pony.orm import Database\ndb = Database()\n"
                "class A(db.Entity):\n    def m(self): pass\n"
                "class B(A):\n    def m(self): pass\n"
                "class Other:\n    def m(self): pass\n"
            ),
            ["A (pony.orm)", "B (pony.orm)"],
        ),
        ("class A(db.Entity):\n    def m(self): pass\n", []),
    ],
)
@pytest.mark.parametrize("mode", ["count", "metrics", "spans"])
def test_what_is_left_alone(text, names, mode):
    """
    By whatever name the module has the library; a decorator that only looks alike is none.
    """
    tree = ast.parse(text)
    bare = ast.dump(ast.parse(text))
    assert list(rewrite(tree, text.encode(), mode)) == names
    assert ast.dump(tree) != bare or "plain" not in text


HOOK = "import aiprov_otel\naiprov_otel.install_import_hook('shop', mode={!r})\n"


@pytest.mark.parametrize("mode", ["count", "metrics", "spans"])
def test_the_doctor_names_them(application, mode):
    """
    With a cache as without one.
    """
    application.place("numba.py", "def njit(function):\n    return function\n")
    application.write("shop.py", "import numba\n" + DECORATED.format("@numba.njit"))
    application.manifest()
    asked = """
import json, shop
from aiprov_otel.runtime.doctor_probe import report
from aiprov_otel.runtime.import_hook.call_table import REGISTRY
shop.f(1), shop.plain()
print(json.dumps([report()["left_alone"], [function.name for function in REGISTRY]]))
"""
    for _ in range(2):
        printed = run(HOOK.format(mode) + asked, application.folder, PYTHONDONTWRITEBYTECODE="")
        assert json.loads(printed) == [["shop.f (numba.njit)"], ["shop.plain"]]


@pytest.mark.parametrize("mode", ["count", "metrics", "spans"])
def test_pony_translates(application, mode):
    """
    Queries of generators and lambdas, and methods of entities in them, become SQL.
    """
    pytest.importorskip("pony")
    application.write(
        "shop.py",
        "from pony.orm import Database, Required, db_session, select\n"
        "db = Database()\n\n\n"
        "class Order(db.Entity):\n    price = Required(int)\n\n"
        "    def doubled(self):\n        return self.price * 2\n\n\n"
        "db.bind('sqlite', ':memory:')\ndb.generate_mapping(create_tables=True)\n"
        "dear = lambda order: order.price > 1\n\n\n"
        "@db_session\ndef ask():\n    Order(price=1), Order(price=2)\n"
        "    return [\n        select(o.price for o in Order if o.doubled() > 2)[:].to_list(),\n"
        "        Order.select(dear).count(),\n    ]\n",
    )
    application.manifest()
    asked = "import shop; print(shop.ask())"
    assert run(HOOK.format(mode) + asked, application.folder, sys.executable) == "[[2], 1]\n"


@pytest.mark.matrix
@pytest.mark.parametrize("mode", ["count", "metrics", "spans"])
def test_dill_works_as_cloudpickle_does(application, mode):
    """
    A function that dill sends by value runs in a process that has no hook.
    """
    pytest.importorskip("dill")
    application.write(
        "shop.py",
        "def make():\n    def nested(x):\n        return x + 1\n"
        "    async def later(x):\n        return nested(x)\n    return nested, later\n",
    )
    application.manifest()
    for options in ("", ", recurse=True", ", byref=False"):
        asked = f"import dill, shop; print(dill.dumps(shop.make(){options}).hex())"
        sent = run(HOOK.format(mode) + asked, application.folder).strip()
        code = f"import asyncio, dill; nested, later = dill.loads(bytes.fromhex({sent!r}))\n"
        code += "print(nested(1), nested(2), asyncio.run(later(3)))"
        assert run(code, application.folder) == "2 3 4\n"
