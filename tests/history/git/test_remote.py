from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiprov_otel.history.git.remote import web_address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://github.com/org/repo.git", "https://github.com/org/repo"),
        ("https://user:token@github.com/org/repo", "https://github.com/org/repo"),
        ("https://token@git.example.org:8443/a/b/c.git/", "https://git.example.org:8443/a/b/c"),
        ("https://github.com/org/repo?token=secret", "https://github.com/org/repo"),
        ("git@github.com:org/repo.git", "https://github.com/org/repo"),
        ("git@github.com:org/re@po", "https://github.com/org/re@po"),
        ("user:token@github.com:org/repo.git", "https://github.com/org/repo"),
        ("user:to@ken@github.com:org/repo", "https://github.com/org/repo"),
        ("user:to/ken@github.com:org/repo", "https://github.com/org/repo"),
        ("https://user:12/ken@github.com/org/repo", None),
        ("https://user:to/ken@github.com/org/repo", None),
        ("ssh://git@github.com:22/org/repo.git", "https://github.com/org/repo"),
        ("git://example.org/repo.git", "https://example.org/repo"),
        ("/srv/git/repo.git", None),
        ("../repo", None),
        ("C:/work/repo", None),
        ("file:///srv/git/repo.git", None),
        ("https://github.com:port/org", None),
        ("https://", None),
        ("", None),
        (None, None),
    ],
)
def test_the_address_of_a_repository(url, address):
    """
    However it was cloned, a repository has one address, and no credentials in it.
    """
    assert web_address(url) == address


@given(st.text(), st.text())
def test_reading_any_url_never_raises(user, rest):
    """
    Whatever URL somebody configured, reading it never raises.
    """
    web_address(rest)
    web_address(f"https://{user}@{rest}")
    web_address(f"{user}@{rest}")
