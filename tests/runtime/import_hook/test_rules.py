"""Which packages are observed."""

from __future__ import annotations

import pytest

from aiprov_otel.runtime.import_hook.rules import Plan, Rule, make_rules, parse_rules


@pytest.mark.parametrize(
    ("name", "covered"),
    [
        ("ham", True),
        ("ham.eggs", True),
        ("ham.eggs.spam", True),
        ("ha", False),
        ("hammock", False),
        ("ham_eggs", False),
        ("spam.ham", False),
    ],
)
def test_a_package_ends_at_a_dot(name, covered):
    """
    A rule covers the package and what stands below it, and no neighbor whose name begins alike.
    """
    assert Rule("ham").covers(name) is covered


def test_the_nearest_package_decides():
    """
    Of several rules the one for the nearer package counts, and between equals the last one.
    """
    plan = Plan()
    plan.add(make_rules("ham", "annotate"))
    plan.add(make_rules("ham.eggs", "off"))
    assert plan.rule_for("ham").mode == "annotate"
    assert plan.rule_for("ham.eggs.spam").mode == "off"
    assert plan.rule_for("spam") is None

    plan.add(make_rules(["ham.eggs", "bacon"], "annotate"))
    assert plan.rule_for("ham.eggs.spam").mode == "annotate"


def test_only_the_very_same_rules_are_forgotten():
    """
    Of two hooks that say the same, undoing one leaves the other.
    """
    plan, first, second = Plan(), make_rules("ham", "annotate"), make_rules("ham", "annotate")
    plan.add(first)
    plan.add(second)
    plan.remove(first)
    assert plan.rule_for("ham") is second[0]
    plan.remove(second)
    assert plan.rule_for("ham") is None


@pytest.mark.parametrize("name", ["", "a b", "a.", ".a", "a-b", "a..b", "shop/cart.py"])
def test_what_is_no_name_is_refused(name):
    """
    What can't be imported by that name is said at the door.
    """
    with pytest.raises(ValueError, match="is not a valid package name; write it as in an import"):
        make_rules(name, "annotate")


def test_a_wrong_mode_is_refused():
    """
    A mode that is none names those that are.
    """
    with pytest.raises(ValueError, match="mode is 'trace'; use one of annotate, "):
        make_rules("shop", "trace")


def test_no_package_at_all_is_refused():
    """
    An empty list is a mistake, not a wish for everything.
    """
    with pytest.raises(ValueError, match="no package was named"):
        make_rules([], "annotate")


def test_the_environment_names_packages_and_modes():
    """
    `AIPROV_PACKAGES` is a list with commas; a mode stands behind `=`.
    """
    assert parse_rules("shop, shop.legacy=off ,") == (Rule("shop"), Rule("shop.legacy", "off"))


def test_what_the_environment_says_wrong_is_left_out(monkeypatch, caplog):
    """
    One name that can't be is told of, and the others count all the same.
    """
    monkeypatch.delenv("AIPROV_STRICT")
    assert parse_rules("sh op,cart=fast,shop") == (Rule("shop"),)
    assert " has 'sh op', which is ignored: " in caplog.messages[0]
    assert caplog.messages[0].endswith("(package-wrong)")


def test_under_strict_it_is_raised():
    """
    A test run meets the mistake as an error.
    """
    with pytest.raises(ValueError, match="mode is 'fast'"):
        parse_rules("shop=fast")
