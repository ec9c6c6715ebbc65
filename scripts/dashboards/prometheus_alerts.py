"""Alert rules for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import indent
from typing import Final

from dashboards.alerts import GRAFANA, JAEGER, Alert

_ADDRESSES: Final = {GRAFANA: "http://127.0.0.1:3000", JAEGER: "http://127.0.0.1:16686"}
_HEAD: Final = f"""\
# Load it under `rule_files:` of prometheus.yml (Prometheus 2.42 or newer), beside the files that
# record what these alerts read: aiprov-requests.rules.yml and aiprov-functions.rules.yml.
groups:
- name: aiprov-links
  rules:
  # Where the links of alerts lead: the addresses of your Grafana and your Jaeger go here.
  - record: aiprov:links
    expr: vector(1)
    labels:
      {GRAFANA}: {_ADDRESSES[GRAFANA]}
      {JAEGER}: {_ADDRESSES[JAEGER]}

- name: aiprov-alerts
  rules:
"""
_TO: Final = '{{{{ with query "aiprov:links" }}}}{{{{ . | first | label "{0}" }}}}{{{{ end }}}}'


def rules(alerts: Iterable[Alert]) -> str:
    """Returns the file with *alerts*."""
    return _HEAD + "".join(f"{line}\n" for alert in alerts for line in _rule(alert))


def _rule(alert: Alert) -> Iterator[str]:
    yield f"  - alert: {alert.name}"
    yield from _text("    expr: |", alert.expression)
    yield f"    for: {alert.wait}"
    yield "    labels:"
    yield f"      severity: {alert.severity}"
    yield "    annotations:"
    yield from _text("      summary: >-", alert.summary)
    yield from _text("      description: |", "\n".join(alert.description))
    for name, (backend, path) in alert.links.items():
        yield from _text(f"      {name}: >-", _TO.format(backend) + path)


def _text(key: str, text: str) -> Iterator[str]:
    yield key
    yield indent(text, " " * (len(key) - len(key.lstrip()) + 2))
