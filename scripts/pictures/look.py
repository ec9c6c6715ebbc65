"""Numbers and colors as Grafana has them."""

from __future__ import annotations

from typing import Any, Final

NAMED: Final = {
    "purple": "#b877d9", "blue": "#5794f2", "orange": "#ff9830", "text": "#9fa7b3",
    "yellow": "#fade2a", "red": "#f2495c",
}  # fmt: skip
_OTHERS: Final = ("#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#37872d", "#705da0")


def overridden(panel: dict[str, Any], key: str) -> dict[str, Any]:
    """What is said of *key* by name."""
    return {
        one["matcher"]["options"]: thing["value"]
        for one in panel["fieldConfig"]["overrides"]
        for thing in one["properties"]
        if thing["id"] == key
    }


def color_of(panel: dict[str, Any], name: str, number: int) -> str:
    """Of what is called *name*, the *number*th of its panel."""
    fixed = overridden(panel, "color").get(name)
    return NAMED[fixed["fixedColor"]] if fixed else _OTHERS[number % len(_OTHERS)]


def said(value: float, unit: str) -> str:
    """*value* as Grafana says it in its *unit*."""
    if unit == "percentunit":
        return f"{100 * value:.3g}%"
    if unit == "s":
        scaled = ((1, "s"), (1e-3, "ms"), (1e-6, "µs"))
        size, name = next((one for one in scaled if value >= one[0]), scaled[0])
        return f"{value / size:.3g} {name}"
    if unit == "locale":
        return f"{value:,.0f}"
    suffix = {"reqpm": " req/m", "opm": " ops/m", "suffix:x": " x"}.get(unit, "")
    return f"{value:.3g}{suffix}"
