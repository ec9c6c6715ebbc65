"""Dashboards drawn by Grafana's own components, in a real browser."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from support import browser
from support.browser import Browser

PACKAGES: Final = Path(__file__).parents[2] / ".venv" / "grafana"
_PAGE: Final = Path(__file__).parent / "page" / "page.jsx"
_HTML: Final = """\
<!doctype html><meta charset=utf-8><title>Code origin</title><link rel=icon href=data:,>
<link rel=stylesheet href=page.css><style>body{margin:0}</style>
<div id=root></div><script src=page.js></script>
"""


def why_not() -> str | None:
    """Say why nothing can be drawn; None if it can."""
    if not ((PACKAGES / "of").exists() and shutil.which("node")):
        return "no components of Grafana: run scripts/schema, with npm"
    return browser.why_not()


class Canvas:
    """A window that shows one dashboard at a time."""

    def __init__(self, window: Browser) -> None:
        self._window = window

    def draw(self, given: dict[str, Any], mode: str = "dark", width: int = 1600) -> dict[str, Any]:
        """Draw what is *given*, in the theme *mode*, so many pixels wide; returns what is seen."""
        self._window.size(width)
        said = json.dumps([given, mode, width])
        seen: dict[str, Any] = self._window.run(f"return window.draw(...{said})")
        # Fonts and icons are files of Grafana's server, and in no package.
        seen["failures"] += [one for one in self._window.complaints() if "/public/" not in one]
        return seen

    def photograph(self, width: int, height: int) -> bytes:
        """The dashboard that was drawn last, as a PNG."""
        self._window.size(width, height)
        return self._window.photograph()


@contextmanager
def canvas(folder: Path) -> Iterator[Canvas]:
    """A window with the components; what it needs is written into *folder*."""
    _bundle(folder)
    (folder / "page.html").write_text(_HTML)
    with browser.browser(folder / "profile") as window:
        window.open((folder / "page.html").as_uri())
        assert window.run("return window.READY"), window.complaints()
        window.complaints()
        yield Canvas(window)


def _bundle(folder: Path) -> None:
    command = [
        str(PACKAGES / "node_modules" / ".bin" / "esbuild"), str(_PAGE), "--bundle", "--minify",
        f"--outfile={folder / 'page.js'}", "--jsx=automatic", "--log-level=error",
        '--define:process.env.NODE_ENV="production"', "--loader:.svg=dataurl",
        "--loader:.ttf=dataurl",
        # The other is for those who still have its fifth version.
        "--alias:react-router-dom-v5-compat=react-router-dom",
    ]  # fmt: skip
    modules = os.environ | {"NODE_PATH": str(PACKAGES / "node_modules")}
    done = subprocess.run(command, capture_output=True, text=True, env=modules, check=False)
    assert done.returncode == 0, done.stderr
