"""
`pytest --aiprov`: who wrote the line that failed a test, and which lines tests executed.

Every pytest where aiprov-otel is installed imports this module: it imports nothing by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--aiprov` and `--aiprov-manifest`."""
    group = parser.getgroup("aiprov", "origin of the code under test")
    group.addoption(
        "--aiprov",
        action="store_true",
        help="show who wrote the line that failed a test, and the covered lines by origin",
    )
    group.addoption(
        "--aiprov-manifest", metavar="FILE", help="with --aiprov: read this manifest, not git"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Registers the rest of the plug-in, with `--aiprov`."""
    if config.getoption("aiprov"):
        from aiprov_otel.pytest_plugin.session import Session

        config.pluginmanager.register(Session(config), "aiprov-session")
