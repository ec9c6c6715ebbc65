"""
Write the tables of docs/reference/attributes.md from semconv/aiprov.yaml.

    python scripts/attributes.py

What stands between `<!-- aiprov.span -->` and `<!-- -->` is the table of that group of attributes,
between `<!-- metrics -->` and `<!-- -->` that of metrics.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "reference" / "attributes.md"
REGISTRY: Final = ROOT / "semconv" / "aiprov.yaml"

_TABLE: Final = re.compile(r"(<!-- ([\w.]+) -->\n).*?(<!-- -->\n)", re.DOTALL)
_A_FEW: Final = 6  # values; more have a table of their own
_COMMIT: Final = re.compile(r"([0-9a-f]{7})[0-9a-f]{33}")


def written(page: str) -> str:
    """*page* with its tables as the registry has them."""
    registry = yaml.safe_load(REGISTRY.read_text(encoding="utf-8"))
    tables = {group["id"]: _attributes(registry, group) for group in registry["attribute_groups"]}
    tables["metrics"] = _metrics(registry)
    return _TABLE.sub(lambda found: found[1] + tables[found[2]] + found[3], page)


def _attributes(registry: dict[str, Any], group: dict[str, Any]) -> str:
    known = {one["key"]: one for one in registry["attributes"]}
    rows = ((one["ref"], known.get(one["ref"], {}) | one) for one in group["attributes"])
    return _table(
        ("attribute", "example", "meaning"),
        ((f"`{key}`", _example(one), _meaning(one)) for key, one in rows),
    )


def _metrics(registry: dict[str, Any]) -> str:
    return _table(
        ("metric", "kind, unit", "what", "attributes"),
        (
            (
                f"`{one['name']}`",
                f"{one['instrument']}, `{one['unit']}`",
                one["brief"],
                ", ".join(map(_of_metric, one["attributes"])),
            )
            for one in registry["metrics"]
        ),
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (head, ("---",) * len(head), *rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines).replace("|  |", "| |")


def _example(attribute: dict[str, Any]) -> str:
    """The first; of a commit, the beginning."""
    if not (examples := attribute.get("examples")):
        return ""
    short = _COMMIT.sub(r"\1…", str(examples[0]))
    return f"`{short}`"


def _meaning(attribute: dict[str, Any]) -> str:
    kind = attribute.get("type")
    members = kind["members"] if isinstance(kind, dict) else []
    if not members or len(members) > _A_FEW:
        return str(attribute.get("brief", ""))
    return f"{attribute['brief']}: {', '.join(map(_member, members))}"


def _member(member: dict[str, Any]) -> str:
    return f"`{member['value']}`" + (f" ({member['brief']})" if "brief" in member else "")


def _of_metric(attribute: dict[str, Any]) -> str:
    level = attribute.get("requirement_level")
    when = "if asked for" if level == "opt_in" else ""
    if isinstance(level, dict):
        when = level["conditionally_required"]
    return f"`{attribute['ref']}` {when}".rstrip()


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
