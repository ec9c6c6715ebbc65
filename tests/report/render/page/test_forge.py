"""Links to commits."""

from __future__ import annotations

import pytest

from aiprov_otel.report.render.page.forge import commit_url

COMMIT = "9fd81c2" + "0" * 33


@pytest.mark.parametrize(
    ("repository", "page"),
    [
        ("https://github.com/o/shop", "https://github.com/o/shop/commit/"),
        ("https://github.com/o/shop.git", "https://github.com/o/shop/commit/"),
        ("http://forge.example:3000/o/shop/", "http://forge.example:3000/o/shop/commit/"),
        ("https://gitlab.example/g/sub/shop", "https://gitlab.example/g/sub/shop/-/commit/"),
        ("https://bitbucket.org/o/shop", "https://bitbucket.org/o/shop/commits/"),
    ],
)
def test_each_forge_has_its_own_way(repository, page):
    """A commit is found where the forge of its repository shows it."""
    assert commit_url(repository, COMMIT) == page + COMMIT


@pytest.mark.parametrize(
    "repository",
    [
        None,
        "",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "git@github.com:o/shop",
        "https://user:secret@github.com/o/shop",
        "https://[",
        "https:///o",
    ],
)
def test_what_is_no_forge_has_no_link(repository):
    """Nothing but an address of the web, without credentials, is linked."""
    assert commit_url(repository, COMMIT) is None


@pytest.mark.parametrize("commit", [None, "", "main", "../../x", "9fd81c2 onclick", "9fd8"])
def test_what_is_no_hash_has_no_link(commit):
    """A commit that was declared by hand may be any text."""
    assert commit_url("https://github.com/o/shop", commit) is None
