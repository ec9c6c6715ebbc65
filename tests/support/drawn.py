"""What is wrong with a panel as Grafana's components draw it, compared with what was asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from support.boards import boards

_UNITS: Final = {
    "percentunit": r"[\d.]+(e-\d+)?%",
    "suffix:x": r"[\d.]+ x",
    "s": r"[\d.]+ (ns|µs|ms|s|mins?|hours?)",
    "ns": r"[\d.]+ (ns|µs|ms|s)",
    "locale": r"\d{1,3}(,\d{3})*",
    "short": r"[\d.]+( [KM])?",
    "reqpm": r"[\d.]+ req/m",
    "opm": r"[\d.]+ ops/m",
}
"""How a number looks in each."""

_ORIGINS: Final = {"ai", "human", "mixed", "unknown"}
_FORGE: Final = re.compile(r"https://forge\.example/shop/commit/([A-Za-z0-9%._~-]+)")
_UIDS: Final = {board["uid"] for board in boards().values()}


def complaints(panel: dict[str, Any], given: dict[str, Any], seen: dict[str, Any]) -> Iterator[str]:
    """Say what is wrong, a line for each, which begins with its kind."""
    (drawn,) = [one for one in seen["panels"] if one["id"] == panel["id"]]
    yield from (f"unknown: {one}" for one in drawn["unknown"])
    if drawn["empty"]:
        yield "empty: it says that it has no data"
        return
    if panel["type"] != "row":
        yield from _title(panel, drawn)
    if panel["type"] in {"row", "text"}:
        return
    yield from _overrides(drawn)
    yield from _links(panel, drawn, given["chosen"].get("service", ""))
    if panel["type"] == "table":
        yield from _table(panel, drawn)
        return
    names = [name for name, _ in _answers(panel, given)]
    yield from _names(panel, drawn, names)
    if panel["type"] != "timeseries":
        yield from _values(panel, given, drawn, seen["colors"])
    else:
        yield from _courses(panel, drawn, seen["colors"])


def _title(panel: dict[str, Any], drawn: dict[str, Any]) -> Iterator[str]:
    if drawn["title"] != panel["title"]:
        yield f"title: {drawn['title']!r} is shown for {panel['title']!r}"
    if panel["title"] in drawn["clipped"]:
        yield f"title: {panel['title']!r} is cut off"


def _overrides(drawn: dict[str, Any]) -> Iterator[str]:
    names = {field["name"] for field in drawn["fields"]}
    for name in drawn["unmatched"]:
        if name not in _ORIGINS or not names & _ORIGINS:
            yield f"override: no field is called {name!r}, but {sorted(names)}"


def _names(panel: dict[str, Any], drawn: dict[str, Any], names: list[str]) -> Iterator[str]:
    if panel["type"] == "timeseries":
        if sorted(drawn["legend"]) != sorted(names):
            yield f"names: the legend has {sorted(drawn['legend'])}, and not {sorted(names)}"
    elif sorted(name for name, *_ in drawn["shown"]) != sorted(name or "Value" for name in names):
        yield f"names: {[name for name, *_ in drawn['shown']]} are shown, and not {names}"


def _values(
    panel: dict[str, Any], given: dict[str, Any], drawn: dict[str, Any], colors: dict[str, str]
) -> Iterator[str]:
    answers = {name or "Value": value for name, value in _answers(panel, given)}
    written = re.sub(r"\s", "", drawn["text"])
    defaults = panel["fieldConfig"]["defaults"]
    for name, text, value, color in drawn["shown"]:
        if name in answers and value != answers[name]:
            yield f"value: {name} is {value}, and not {answers[name]}"
        yield from _unit(name, text, defaults["unit"])
        if re.sub(r"\s", "", text) not in written or (
            name != "Value" and name not in drawn["text"]
        ):
            yield f"text: {name} {text} is not on the page: {drawn['text']!r}"
        wanted = _color_of(panel, name, value)
        if wanted and color.lower() != colors[wanted].lower():
            yield f"color: {name} is {color}, and not {wanted}"


def _courses(panel: dict[str, Any], drawn: dict[str, Any], colors: dict[str, str]) -> Iterator[str]:
    for field in drawn["fields"]:
        if field["type"] != "number":
            continue
        wanted = _color_of(panel, field["name"], 0)
        if wanted and {one.lower() for one in field["colors"]} != {colors[wanted].lower()}:
            yield f"color: {field['name']} is {set(field['colors'])}, and not {wanted}"
        for value, text in zip(field["values"], field["texts"], strict=True):
            if value is not None:
                yield from _unit(field["name"], text, panel["fieldConfig"]["defaults"]["unit"])


def _table(panel: dict[str, Any], drawn: dict[str, Any]) -> Iterator[str]:
    headings = [column["name"] for column in drawn["columns"]]
    named = [field["name"] for field in drawn["fields"]]
    if headings != named:
        yield f"headings: {headings} are shown for {named}"
    yield from (
        f"headings: {name!r} is what a machine calls it"
        for name in headings
        if re.search(r"_|\.|Value", name)
    )
    yield from (
        f"edge: column {column['name']!r} ends {column['beyond']:.0f} pixels beyond it"
        for column in drawn["columns"]
        if column["beyond"] > 0
    )
    units = _of_overrides(panel, "unit")
    for field in drawn["fields"]:
        for value, text in zip(field["values"], field["texts"], strict=True):
            if field["name"] in units and value is not None:
                yield from _unit(field["name"], text, units[field["name"]])


def _unit(name: str, text: str, unit: str) -> Iterator[str]:
    if not re.fullmatch(_UNITS.get(unit, "(?!)"), text):
        yield f"unit: {name} is {text!r}, which is no {unit}"


def _color_of(panel: dict[str, Any], name: str, value: float) -> str | None:
    """The name of the color that the panel wants for *name*; None if that is Grafana's choice."""
    fixed = _of_overrides(panel, "color")
    if name in fixed:
        return str(fixed[name]["fixedColor"])
    defaults = panel["fieldConfig"]["defaults"]
    if defaults["color"]["mode"] == "thresholds":
        return str(
            [
                step["color"]
                for step in defaults["thresholds"]["steps"]
                if step["value"] is None or value >= step["value"]
            ][-1]
        )
    color: str | None = defaults["color"].get("fixedColor")
    return color


def _of_overrides(panel: dict[str, Any], key: str) -> dict[str, Any]:
    return {
        one["matcher"]["options"]: thing["value"]
        for one in panel["fieldConfig"]["overrides"]
        for thing in one["properties"]
        if thing["id"] == key
    }


def _answers(panel: dict[str, Any], given: dict[str, Any]) -> Iterator[tuple[str, float | None]]:
    """Of each series its name, by its labels and the legend of the query, and its last value."""
    for target in panel["targets"]:
        answer = given["answers"][panel["id"]][target["refId"]]
        for one in answer.get("series", ()):
            yield one["name"], one["points"][-1][1]
        for one in answer.get("result", ()):
            values = one.get("values") or [one["value"]]
            yield _named(target["legendFormat"], one["metric"]), float(values[-1][1])


def _named(legend: str, labels: dict[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), legend)


def _links(
    panel: dict[str, Any], drawn: dict[str, Any], services: str | list[str]
) -> Iterator[str]:
    for field in drawn["fields"]:
        for row, links in enumerate(field["links"]):
            for link in links:
                value = field["values"][row]
                if field["type"] != "time" and value not in {None, ""}:
                    named = value if panel["type"] == "table" else field["name"]
                    yield from _link(link["href"], str(named), drawn, row, services)
    if "links" in _of_overrides(panel, "links") and not drawn["anchors"]:
        yield "link: no cell has one"


def _link(
    href: str, value: str, drawn: dict[str, Any], row: int, chosen: str | list[str]
) -> Iterator[str]:
    address = urlsplit(href)
    if "${" in href or address.fragment or re.search(r"[^!-~]", address.path):
        yield f"link: {href!r} is not an address"
    elif address.path == "/explore":
        yield from _explore(parse_qs(address.query), value, "".join(chosen))
    elif address.path.startswith("/d/"):
        said = parse_qs(address.query, strict_parsing=True)
        services = [field["values"][row] for field in drawn["fields"] if field["name"] == "service"]
        if address.path.removeprefix("/d/") not in _UIDS:
            yield f"link: there is no dashboard at {href!r}"
        if said.get("var-route") != [value] or said.get("var-service") != services:
            yield f"link: {href!r} hands over {said}, and not {services} {value!r}"
        if not said.keys() >= {"from", "to"}:
            yield f"link: {href!r} has no time range"
    else:
        found = _FORGE.fullmatch(href)
        if not found or unquote(found[1]) != value:
            yield f"link: {href!r} does not lead to the commit {value!r}"


def _explore(said: dict[str, list[str]], value: str, service: str) -> Iterator[str]:
    try:
        (pane,) = json.loads(said["panes"][0]).values()
    except (KeyError, ValueError) as error:
        yield f"link: {said} is no pane of Explore: {error}"
        return
    (query,) = pane["queries"]
    if f'= "{value}"' not in query["query"] or service not in query["query"]:
        yield f"link: {query} does not ask for {value!r} of {service!r}"
    if pane["datasource"] != "tempo-1":
        yield f"link: {pane['datasource']} is not the Tempo that was chosen"
