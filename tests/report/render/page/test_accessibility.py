"""What a screen reader gets of each view, checked by axe-core."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from aiprov_otel.report.render.page.html import render_page
from support.browser import browser, why_not

AXE = Path(__file__).parents[4] / ".venv" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
pytestmark = [
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "there is one"),
    pytest.mark.skipif(not AXE.exists(), reason="no axe-core: run scripts/brokers, with npm"),
]
CHECK = """
const shown = { exclude: [".view:not(.current)"] };
return axe.run(shown, { resultTypes: ["violations"] }).then((found) => found.violations.map(
    (rule) => `${rule.id}: ${rule.nodes.slice(0, 3).map((node) => node.html).join(" ")}`))
"""


def test_no_rule_of_axe_is_broken(compared, code, made, tmp_path):
    """Names, roles, contrasts, tables and headings of every view, light and dark."""
    views = {view.name: view for view in reversed(compared.views)}
    file = tmp_path / "report.html"
    page = replace(compared, views=tuple(views.values()))
    file.write_text(render_page(page, code, made=made), encoding="utf-8")
    broken = {}
    with browser(tmp_path / "profile") as window:
        for scheme in ("light", "dark"):
            window.prefer(scheme)
            for name, view in views.items():
                window.open(f"{file.as_uri()}?view={name}&key={view.key}")
                window.run(AXE.read_text(encoding="utf-8"))
                broken[name, scheme] = window.run(CHECK)

    assert broken == {one: [] for one in broken}
