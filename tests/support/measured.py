"""A small shop of three authors, with tests that leave parts of it out, measured by coverage.py."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from support.command import environment
from support.repo import Repo

CLAUDE: Final = "Add it\n\nCo-Authored-By: Claude Opus 4.6 <noreply@anthropic.com>\n"
PYPROJECT: Final = """\
[tool.aiprov]
unmarked = "human"
"""
STOCK: Final = """\
def left(stock, name):
    if name in stock:
        return stock[name]
    return 0
"""
CART: Final = """\
def total(cart):
    try:
        return sum(price for _, price in cart)
    except TypeError:
        raise ValueError("a price is not a number")


def discount(cart, share):
    price = total(cart)
    return price - price * share


class Cart:
    def add(self, name, price):
        self.lines = [(name, price)]
"""
TESTS: Final = """\
from shop.cart import total
from shop.stock import left


def test_a_cart_costs_the_sum_of_its_prices():
    assert total([("tea", 2), ("pot", 9)]) == 11


def test_a_cart_of_strings_is_refused():
    assert total([("tea", None)]) == 0


def test_what_is_in_stock():
    assert left({"tea": 1}, "tea") == 1
"""


def make_shop(path: Path) -> Repo:
    """The shop at *path*: `stock.py` by a person, `cart.py` by a model."""
    repo = Repo(path)
    repo.commit("pyproject.toml", PYPROJECT)
    repo.commit("src/shop/__init__.py", "")
    repo.commit("src/shop/stock.py", STOCK)
    repo.commit("src/shop/cart.py", CART, CLAUDE)
    repo.commit("tests/test_shop.py", TESTS)
    return repo


def run_python(repo: Repo, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs Python in *repo*, with its sources importable, and not measured by our own coverage."""
    variables = environment(**variables)
    inherited = {k: v for k, v in variables.items() if not k.startswith(("COVERAGE_", "COV_"))}
    path = os.pathsep.join([str(repo.path / "src"), inherited["PYTHONPATH"]])
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=repo.path,
        env={**inherited, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def measure(repo: Repo) -> None:
    """Runs the tests of *repo* under coverage, and writes each format below its root."""
    ran = run_python(
        *(repo, "-m", "coverage", "run", "--branch", "--source=src,tests"),
        *("-m", "pytest", "-q", "-p", "no:cacheprovider"),
    )
    assert ran.returncode == 1, ran.stderr  # one test fails
    for kind in ("json", "xml", "lcov"):
        done = run_python(repo, "-m", "coverage", kind, "-q", "-o", f"coverage.{kind}")
        assert done.returncode == 0, done.stdout + done.stderr
