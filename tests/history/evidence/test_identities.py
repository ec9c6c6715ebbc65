from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiprov_otel.history.evidence.identities import is_bot, names_a_tool

BOTS = [
    "dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>",
    "dependabot-preview <support@dependabot.com>",
    "Renovate Bot <bot@renovateapp.com>",
    "GitHub Actions <actions@github.com>",
    "pre-commit-ci[bot] <66853113+pre-commit-ci[bot]@users.noreply.github.com>",
    "gemini-cli-robot <gemini-cli-robot@google.com>",
    "my-release-bot <release@example.org>",
]
PEOPLE = [
    "Ada Lovelace <ada@example.org>",
    "Mary Abbot <mary@example.org>",
    "Talbot Botsford <talbot@example.org>",
    "Jane <12345+jane@users.noreply.github.com>",
    "",
]


@pytest.mark.parametrize("who", BOTS)
def test_bots(who):
    """
    What a bot commits is neither a person's nor a model's.
    """
    assert is_bot(who)


@pytest.mark.parametrize("who", PEOPLE)
def test_people(who):
    """
    A person with a bot's name is a person.
    """
    assert not is_bot(who)


@given(st.text(), st.booleans())
def test_judging_any_value_never_raises(value, yes):
    """
    The judgment never raises, whatever people write.
    """
    names_a_tool(value, yes=yes)
    is_bot(value)
