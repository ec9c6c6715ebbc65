"""How numbers and hashes read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aiprov_otel.format import age, hide_credentials, percent, quantity, short_hash


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.387, "38.7%"), (0.02, "2.00%"), (0.1, "10.0%"), (1, "100.0%"), (0, "0.00%")],
)
def test_a_share_has_three_digits(share, text):
    """
    A share reads the same in every verb, report and page: no blank before the sign.
    """
    assert percent(share) == text


def test_numbers_have_their_noun():
    """
    One of a thing is singular, and thousands have a comma.
    """
    assert [quantity(n, "line") for n in (0, 1, 2000)] == ["0 lines", "1 line", "2,000 lines"]


def test_a_hash_is_shortened_to_one_length():
    """
    A short hash has nine characters everywhere.
    """
    assert short_hash("9fd81c2bd01a") == "9fd81c2bd"


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("https://ada:pw@example.org/a.git refuses", "https://example.org/a.git refuses"),
        ("to 'https://token@example.org:8443/a.git'", "to 'https://example.org:8443/a.git'"),
        ("https://example.org/a?private_token=x&y=z is away", "https://example.org/a is away"),
        ("https://a:b@example.org/a?t=x, ssh://c@d/e", "https://example.org/a ssh://d/e"),
        ("ada:pw@example.org: no", "example.org: no"),
        ("git@example.org:shop.git, at 10:30", "git@example.org:shop.git, at 10:30"),
    ],
)
def test_no_credentials_are_shown(text, hidden):
    """
    Of an address, neither user nor password nor query is shown; the rest of a text stays.
    """
    assert hide_credentials(text) == hidden


@pytest.mark.parametrize(
    ("days", "said"),
    [(0, "less than a day"), (1, "1 day"), (8, "1 week"), (70, "2 months"), (800, "2 years")],
)
def test_an_age_in_words(days, said):
    """
    The largest unit that fits; None where no time is known.
    """
    then = datetime.now(UTC) - timedelta(days=days, minutes=1)

    assert age(then.isoformat()) == said
    assert age(None) is None
