"""Files of a stack trace are found by the names that they run under."""

from __future__ import annotations

import pytest

from aiprov_otel.errors import HistoryError
from aiprov_otel.history.build import build
from aiprov_otel.history.traceback_lookup import open_lookup
from aiprov_otel.values import Origin

CLAUDE = "Add it\n\nCo-Authored-By: Claude <noreply@anthropic.com>\n"


@pytest.fixture
def shop(repo):
    """A repository with one package, in a folder `src`."""
    repo.commit("src/shop/__init__.py", "")
    repo.commit("src/shop/cart.py", "a = 1\n", CLAUDE)
    return repo


@pytest.mark.parametrize("folder", ["/v/site-packages", "/app/src", "."])
def test_an_installed_file_is_found_by_git(shop, folder):
    """By its path in the repository and by what it is imported as, wherever it is installed."""
    known, described = open_lookup(shop.path, None)

    (file,) = known.with_tail(f"{folder}/shop/cart.py")
    assert known.source(file).line(1).origin is Origin.AI
    assert described.startswith("git, as of ")
    assert known.with_tail(f"{folder}/shop/other.py") == []


def test_a_file_that_is_gone_has_no_lines(shop):
    """It is tracked, but the work tree lacks it."""
    known, _ = open_lookup(shop.path, None)
    (shop.path / "src/shop/cart.py").unlink()

    (file,) = known.with_tail("shop/cart.py")
    assert known.source(file).runs == ()


def test_a_manifest_is_found_where_there_is_no_git(shop, tmp_path):
    """As in an image, where the manifest lies in a folder above; else one line says what to do."""
    path = build(shop.path).path
    folder = tmp_path / "image/app"
    folder.mkdir(parents=True)
    with pytest.raises(HistoryError, match="give the manifest that was deployed with --manifest"):
        open_lookup(folder, None)

    (tmp_path / "image" / path.name).write_bytes(path.read_bytes())
    known, described = open_lookup(folder, None)

    assert len(known.with_tail("/v/site-packages/shop/cart.py")) == 1
    assert described.startswith(f"{tmp_path / 'image' / path.name}, built from ")
