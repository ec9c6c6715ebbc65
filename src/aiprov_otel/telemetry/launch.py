"""The command line and the environment that send a command's traces to a receiver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

_LAUNCH: Final = """
import signal, sys
if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback of ours before the command runs
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
    "OTEL_BSP_MAX_QUEUE_SIZE": "32768",  # one request with many statements would fill 2,048
    "OTEL_BSP_SCHEDULE_DELAY": "200",  # milliseconds: a command that is killed loses little
}


def launcher(command: Sequence[str], *, interpreter: str) -> list[str]:
    """
    Returns *command* under the `opentelemetry-instrument` of *interpreter*.

    The process becomes *command*, with the same process id; its exit status is that of *command*,
    or 126 if the system refuses to start it.
    """
    return [interpreter, "-P", "-c", _LAUNCH, *command]


def environment(
    base: Mapping[str, str], *, endpoint: str, manifest: Path | None, folder: Path
) -> dict[str, str]:
    """
    Returns *base* with the variables that send traces, and only traces, to *endpoint*.

    Traces are sent there whatever *base* has; every other value of *base* is kept. A service
    without a name is named after *folder*.
    """
    variables = {**_DEFAULTS, **base}
    variables["OTEL_TRACES_EXPORTER"] = _with(base.get("OTEL_TRACES_EXPORTER", ""), "otlp")
    variables["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = f"{endpoint}/v1/traces"
    variables["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] = "http/protobuf"
    variables.setdefault("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
    variables.setdefault("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
    variables[_DETECTORS] = _with(base.get(_DETECTORS, ""), "aiprov")
    if "service.name=" not in base.get("OTEL_RESOURCE_ATTRIBUTES", ""):
        variables.setdefault("OTEL_SERVICE_NAME", folder.resolve().name or "service")
    if manifest:
        variables["AIPROV_MANIFEST"] = str(manifest.resolve())
    return variables | _proxy_exception(base)


def _with(values: str, value: str) -> str:
    """Adds *value* to the comma-separated *values*, and removes `none`."""
    others = [item for item in map(str.strip, values.split(",")) if item not in {"", "none", value}]
    return ",".join([*others, value])


def _proxy_exception(base: Mapping[str, str]) -> dict[str, str]:
    """Lets requests to the loopback interface pass by a proxy, if *base* has one."""
    if not any(name.lower() in {"http_proxy", "all_proxy"} for name in base):
        return {}
    hosts = base.get("no_proxy") or base.get("NO_PROXY") or ""
    return dict.fromkeys(("no_proxy", "NO_PROXY"), _with(hosts, "127.0.0.1"))
