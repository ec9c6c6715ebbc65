"""How to start a command so that its traces come to a receiver; starts nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

_LAUNCH: Final = """
import sys
from opentelemetry.instrumentation.auto_instrumentation import run
try:
    run()
except OSError as error:
    print(f"aiprov: can't start {sys.argv[1]!r}: {error.strerror}", file=sys.stderr)
    sys.exit(126)
"""
_DETECTORS: Final = "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS"
_DEFAULTS: Final = {
    "OTEL_METRICS_EXPORTER": "none",
    "OTEL_LOGS_EXPORTER": "none",
    "OTEL_BSP_SCHEDULE_DELAY": "200",  # milliseconds: a command that is killed loses little
}


def launcher(command: Sequence[str], *, interpreter: str) -> list[str]:
    """
    *command* under `opentelemetry-instrument`, the one that *interpreter* has.

    The process becomes *command*: same process id, its own exit status. It is 126 where the system
    refuses to start it.
    """
    return [interpreter, "-P", "-c", _LAUNCH, *command]


def environment(
    base: Mapping[str, str], *, endpoint: str, manifest: Path | None, folder: Path
) -> dict[str, str]:
    """
    *base*, and what sends traces, and nothing else, to *endpoint*.

    Traces go there whatever *base* says; of the rest, what *base* says stays. The service is named
    after *folder* where nobody named it.
    """
    found = {**_DEFAULTS, **base}
    found["OTEL_TRACES_EXPORTER"] = _with(base.get("OTEL_TRACES_EXPORTER", ""), "otlp")
    found["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = f"{endpoint}/v1/traces"
    found["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] = "http/protobuf"
    found.setdefault("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
    found.setdefault("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
    found[_DETECTORS] = _with(base.get(_DETECTORS, ""), "aiprov")
    if "service.name=" not in base.get("OTEL_RESOURCE_ATTRIBUTES", ""):
        found.setdefault("OTEL_SERVICE_NAME", folder.resolve().name or "service")
    if manifest:
        found["AIPROV_MANIFEST"] = str(manifest.resolve())
    return found | _direct(base)


def _with(values: str, value: str) -> str:
    """The comma-separated *values* with *value* among them, and without `none`."""
    said = [one for one in map(str.strip, values.split(",")) if one not in {"", "none", value}]
    return ",".join([*said, value])


def _direct(base: Mapping[str, str]) -> dict[str, str]:
    """The loopback address past a proxy, where there is one."""
    if not any(name.lower() in {"http_proxy", "all_proxy"} for name in base):
        return {}
    said = base.get("no_proxy") or base.get("NO_PROXY") or ""
    return dict.fromkeys(("no_proxy", "NO_PROXY"), _with(said, "127.0.0.1"))
