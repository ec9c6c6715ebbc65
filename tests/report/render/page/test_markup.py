"""Text becomes HTML in one place."""

from __future__ import annotations

import pytest

from aiprov_otel.report.render.page.markup import join, tag


def test_text_is_escaped_and_markup_is_not():
    """What is no markup by its type is text, however it looks."""
    inside = tag("b", "<i>", title='"&')

    assert tag("p", inside, [" & ", None, "a"]) == (
        '<p><b title="&quot;&amp;">&lt;i&gt;</b> &amp; a</p>'
    )


def test_attributes_are_spelled_as_html_wants_them():
    """None and False leave an attribute out, True gives it no value."""
    shown = tag("input", class_="a", data_x=0.25, hidden=True, open=False, id=None)

    assert shown == '<input class="a" data-x="0.25" hidden>'


@pytest.mark.parametrize("unseen", ["\0", "\x1b", "\u202e", "\u2066", "\ud800"])
def test_what_can_not_be_seen_is_shown(unseen):
    """Controls, and what turns the direction of text, can't hide in a name."""
    assert join(f"a{unseen}b") == "a\ufffdb"
    assert tag("p", title=unseen) == '<p title="\ufffd"></p>'
