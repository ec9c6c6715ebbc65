"""A shop with a branch: a model rewrites a person's repair of its own code, and adds to it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from support.measured import CLAUDE
from support.repo import BOB, Repo

BROKEN: Final = """\
def total(cart):
    return sum(cart.values()) / len(cart)


def names(cart):
    return sorted(cart)
"""
REPAIRED: Final = BROKEN.replace(
    "    return sum(cart.values()) / len(cart)\n",
    "    if not cart:\n        return 0\n    return sum(cart.values()) / len(cart)\n",
)
REWRITTEN: Final = (
    BROKEN.replace(
        "    return sum(cart.values()) / len(cart)\n",
        "    count = len(cart)\n    return sum(cart.values()) / count\n",
    )
    + "\n\ndef cheapest(cart):\n    return min(cart, key=cart.get)\n"
)


def make_branch(path: Path, policy: str = "") -> Repo:
    """The repository at *path*, on the branch `topic` that is to be merged into `main`."""
    repo = Repo(path)
    repo.commit("pyproject.toml", f'[tool.aiprov]\nunmarked = "unknown"\n{policy}')
    repo.commit("src/shop/__init__.py", "")
    repo.commit("src/shop/cart.py", BROKEN, CLAUDE)
    repo.commit("src/shop/cart.py", REPAIRED, "Let a cart be empty", author=BOB)
    repo.git("switch", "--quiet", "-c", "topic")
    repo.commit("src/shop/cart.py", REWRITTEN, CLAUDE)
    repo.commit("src/shop/stock.py", "LEFT = {}\n", "Count what is left", author=BOB)
    return repo
