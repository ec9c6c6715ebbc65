"""What `aiprov doctor` makes of what it was told: what is there, what is missing, what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiprov_otel.cli.output import counted
from aiprov_otel.errors import ManifestError
from aiprov_otel.manifest import Manifest, content_hash
from aiprov_otel.runtime.source_text import read

_BASE: Final = ("opentelemetry-api", "opentelemetry-sdk")
_STARTER: Final = ("opentelemetry-distro", "opentelemetry-instrumentation")
# Their modules as `runtime.frameworks` meets them, and the distribution with the spans. Without
# gRPC: an exporter may be what imported it.
_INSTRUMENTED: Final = {
    "aiohttp.web_app": "opentelemetry-instrumentation-aiohttp-server",
    "celery.loaders.base": "opentelemetry-instrumentation-celery",
    "django.core.handlers.base": "opentelemetry-instrumentation-django",
    "falcon.app": "opentelemetry-instrumentation-falcon",
    "fastapi.routing": "opentelemetry-instrumentation-fastapi",
    "flask.app": "opentelemetry-instrumentation-flask",
    "pika.adapters.blocking_connection": "opentelemetry-instrumentation-pika",
    "starlette.routing": "opentelemetry-instrumentation-starlette",
}
_OURS: Final = "ProvenanceSpanProcessor"


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One thing that was looked at.

    Attributes:
        name: what was looked at, in one word.
        found: what is there.
        then: the next step, where something is missing; None where it is as it should be.
    """

    name: str
    found: str
    then: str | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """
    An interpreter.

    Attributes:
        python: its version.
        executable: its path.
        packages: what is installed in it, by name, and each version.
    """

    python: str
    executable: str
    packages: Mapping[str, str]

    def lacks(self) -> list[str]:
        """What a command can't be started without."""
        return [name for name in ("aiprov-otel", *_BASE, *_STARTER) if name not in self.packages]


def of_packages(survey: Survey) -> Iterator[Finding]:
    """What is installed."""
    packages, pip = survey.packages, f"{survey.executable} -m pip install"
    yield Finding("python", f"{survey.python}, {survey.executable}")
    version = packages.get("aiprov-otel")
    then = None if version else f"{pip} 'aiprov-otel[local]'"
    yield Finding("aiprov-otel", version or "is not installed there", then)
    lacking = [name for name in (*_BASE, *_STARTER) if name not in packages]
    there = [
        f"{name.removeprefix('opentelemetry-')} {packages[name]}"
        for name in sorted(packages)
        if name in {*_BASE, *_STARTER} or name.startswith("opentelemetry-exporter-otlp-proto-")
    ]
    said = [", ".join(there)] if there else []
    said += [f"without {', '.join(lacking)}"] if lacking else []
    yield Finding(
        "opentelemetry", "; ".join(said), f"{pip} {' '.join(lacking)}" if lacking else None
    )
    found = [name for name in sorted(packages) if name.startswith(f"{_STARTER[1]}-")]
    names = ", ".join(name.removeprefix(f"{_STARTER[1]}-") for name in found)
    yield Finding("instrumented", names or "no library: only spans that the code itself starts")


def of_process(report: Mapping[str, Any], packages: Mapping[str, str]) -> Iterator[Finding]:
    """What a process has, by its own *report*."""
    yield _of_installation(report)
    if not report["disabled"]:
        yield from _of_manifests(report)
    for sentence in report["wrong"]:
        yield Finding("setting", sentence, "say one of those; see docs/configuration.md")
    yield from _of_provider(report)
    yield _of_frameworks(report["frameworks"], packages)
    if left_alone := report.get("left_alone"):
        yield Finding("not rewritten", f"{', '.join(left_alone)}: read by that library")
    for slug in report["warnings"]:
        if slug not in {"manifest-missing", "setting-wrong"} and not (
            slug == "manifest-unreadable" and report["unreadable"]
        ):
            yield Finding("warning", slug, f"docs/messages.md#{slug} has its cause and its cure")


def _of_installation(report: Mapping[str, Any]) -> Finding:
    if report["disabled"]:
        then = "unset AIPROV_DISABLED and OTEL_SDK_DISABLED"
        return Finding("installed", "it is switched off by the environment", then)
    if not report["installed"]:
        then = "see where the code calls uninstall(), or what CMD printed of an error of install()"
        return Finding("installed", "not in the end: it was undone, or it failed", then)
    when = "before the command's own modules" if report["early"] else "by the command's own code"
    return Finding("installed", when)


def _of_manifests(report: Mapping[str, Any]) -> Iterator[Finding]:
    then = "run `aiprov build` where git is, and set AIPROV_MANIFEST to the file"
    for sentence in report["unreadable"]:
        yield Finding("manifest", sentence, then)
    if not report["installed"]:
        return
    if not report["manifests"]:
        if not report["unreadable"]:
            yield Finding("manifest", f"none at, or above, {report['folder']}", then)
        return
    for path in report["manifests"]:
        try:
            yield from _of_manifest(Manifest.load(path), report)
        except ManifestError as error:
            yield Finding("manifest", str(error), "run `aiprov build` again")
    loaded = report["loaded"]
    said = ", ".join(f"{number} {match}" for match, number in sorted(loaded.items()))
    yield Finding("loaded", said or "no file of the application, yet")


def _of_manifest(manifest: Manifest, report: Mapping[str, Any]) -> Iterator[Finding]:
    lines = sum(entry.lines for entry in manifest.entries)
    built = f", commit {manifest.revision[:12]}" if manifest.revision else ""
    files = counted(len(manifest.entries), "file")
    yield Finding("manifest", f"{manifest.path}: {files}, {counted(lines, 'line')}{built}")
    met = matched(manifest, [*report["path"], report["folder"]])
    stale = [name for name, match in met.items() if match == "stale"]
    counts = Counter(met.values())
    kinds = ["exact", *(["unverified"] if counts["unverified"] else []), "stale", "missing"]
    said = ", ".join(f"{counts[match]} {match}" for match in kinds)
    yield Finding("match", f"{said} of {files} that can be imported", _why_not(stale, counts))


def _why_not(stale: Sequence[str], counts: Mapping[str, int]) -> str | None:
    if stale:
        return f"{', '.join(stale[:3])} changed after the build: run `aiprov build` again"
    if not counts["exact"] and not counts["unverified"]:
        return "this is the manifest of something else, or CMD runs elsewhere: set AIPROV_MANIFEST"
    return None


def matched(manifest: Manifest, folders: Sequence[str]) -> dict[str, str]:
    """
    How each file of *manifest* meets the one that is imported from *folders*, by its path.

    `exact`, `unverified` (compiled, without its source), `stale` (another content), or `missing`.
    """
    return {
        entry.path: _match((entry.import_path, entry.path), entry.hash, folders)
        for entry in manifest.entries
    }


def _match(names: Sequence[str], digest: str, folders: Sequence[str]) -> str:
    candidates = [str(Path(folder, name)) for folder in folders for name in names]
    found = (source for path in candidates if (source := read(path)) is not None)
    source = next(found, None)
    if source is None:
        compiled = any(read(f"{path}c") is not None for path in candidates)
        return "unverified" if compiled else "missing"
    return "exact" if content_hash(source) == digest else "stale"


def _of_provider(report: Mapping[str, Any]) -> Iterator[Finding]:
    processors = report["processors"]
    exporters = [each["exporter"] for each in processors if each["exporter"]]
    kinds = ", ".join(each["type"] for each in processors)
    said = f"{report['tracer_provider']}: {kinds or 'no processor'}"
    ours = any(each["type"] == _OURS for each in processors)
    if not exporters:
        then = "no span is sent: set OTEL_TRACES_EXPORTER, or add an exporter to the provider"
    elif not ours and not report["disabled"]:
        then = "ours is not on it: call aiprov_otel.install(tracer_provider=…) with that provider"
    else:
        then = None
    yield Finding("traces", f"{said}; sent by {', '.join(exporters) or 'nobody'}", then)
    yield Finding("metrics", report["meter_provider"])
    yield Finding("logs", report["logger_provider"])
    then = "set OTEL_EXPERIMENTAL_RESOURCE_DETECTORS=aiprov" if report["manifests"] else None
    said = report["revision"]
    yield (
        Finding("resource", f"commit {said[:12]}", None)
        if said
        else Finding("resource", "does not say which commit is deployed", then)
    )


def _of_frameworks(met: Sequence[str], packages: Mapping[str, str]) -> Finding:
    needed = {name: _INSTRUMENTED[name] for name in met if name in _INSTRUMENTED}
    if "fastapi.routing" in needed:  # whose instrumentation is that of the Starlette below it too
        needed.pop("starlette.routing", None)
    lacking = sorted({each for each in needed.values() if each not in packages})
    said = ", ".join(sorted({name.partition(".")[0] for name in met}))
    then = f"pip install {' '.join(lacking)}, for spans of its requests" if lacking else None
    return Finding("frameworks", said or "none that is known was imported", then)


def of_silence(seconds: float, status: int | None) -> Finding:
    """A command from which no process reported."""
    how = f"it ended with status {status}" if status is not None else f"within {seconds:g} s"
    then = (
        "see that CMD starts Python without -I, -E and -S, and that "
        "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS does not name aiprov"
    )
    return Finding("installed", f"no process of CMD loaded aiprov-otel; {how}", then)
