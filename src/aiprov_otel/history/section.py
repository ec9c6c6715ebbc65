"""The table `[tool.aiprov]` as it stands in the file, and how a wrong value in it is named."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from aiprov_otel.errors import PolicyError


def section(pyproject: Path) -> Mapping[str, Any]:
    """
    The table in the file *pyproject*; an empty one where there is none.

    Raises:
        PolicyError: the file can't be read, or is no TOML.
    """
    try:
        document = tomllib.loads(pyproject.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        msg = f"{pyproject} can't be read ({error.strerror}); it may hold [tool.aiprov]"
        raise PolicyError(msg) from error
    except ValueError as error:  # not TOML, or not UTF-8
        msg = f"{pyproject} is not valid TOML ({error}); mend it, [tool.aiprov] is read from it"
        raise PolicyError(msg) from error
    tool = document.get("tool", {})
    found = tool.get("aiprov", {}) if isinstance(tool, dict) else {}
    if not isinstance(found, dict):
        raise wrong("", found, "a table of keys")
    return found


def unknown(table: str, key: str, allowed: Iterable[str]) -> PolicyError:
    """The error that *table* has a *key* which is not one of those *allowed*."""
    name = f"[tool.aiprov] {table}".strip()
    return PolicyError(f"{name} has no key {key!r}; its keys are {', '.join(allowed)}")


def wrong(key: str, value: object, allowed: str) -> PolicyError:
    """The error that *key* has this *value*, and not one of those *allowed*."""
    name = f"[tool.aiprov] {key}".strip()
    return PolicyError(f"{name} can't be {value!r}; it has to be {allowed}")
