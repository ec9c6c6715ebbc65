"""The findings of `aiprov doctor`: what is present, what is missing, what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiprov_otel.capture import checkup, setup
from aiprov_otel.capture.journal import Journal
from aiprov_otel.cli.imported_files import match_files, top_level
from aiprov_otel.errors import ManifestError
from aiprov_otel.format import quantity, short_hash
from aiprov_otel.lending import outcome
from aiprov_otel.lending.launch import Event
from aiprov_otel.lending.packages import STARTED_WITH, missing_instrumentations
from aiprov_otel.lending.survey import Survey
from aiprov_otel.manifest import Manifest
from aiprov_otel.runtime import frameworks

_BASE: Final = ("opentelemetry-api", "opentelemetry-sdk")
# Without gRPC: an exporter may be what imported it.
_INSTRUMENTATIONS: Final = {
    each.MODULE: each.INSTRUMENTATION for each in frameworks.FRAMEWORKS if each.MODULE != "grpc"
}
_OURS: Final = "ProvenanceSpanProcessor"
_DISTRIBUTION: Final = "aiprov-otel"
_INSTRUMENTED_GRPC: Final = "opentelemetry-instrumentation-grpc"
_OF_SERVERS: Final = ("opentelemetry-instrumentation-asgi", "opentelemetry-instrumentation-wsgi")
"""What gives an application spans where its server loads it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """
    The result of one check.

    Attributes:
        name: what was checked, in one word.
        found: the current state.
        then: the next step if something is missing; None if all is well.
        by_run: whether `aiprov run` provides it, so that the step is for a start without that.
    """

    name: str
    found: str
    then: str | None = None
    by_run: bool = False

    @property
    def is_missing(self) -> bool:
        """Whether there is something to do, also for `aiprov run`."""
        return self.then is not None and not self.by_run


def _lendable(name: str, found: str, then: str | None, *, lent: bool) -> Finding:
    """A finding whose next step *lent* makes one for a start without `aiprov run`."""
    return Finding(name, found, then, by_run=lent and then is not None)


def about_capture(folder: Path) -> Iterator[Finding]:
    """What `aiprov init --check` finds in the repository of *folder*; nothing without capture."""
    if Journal.find(folder.resolve()):
        for each in checkup.check(setup.open_work_tree(folder)):
            yield Finding(each.name, each.found, each.then or None)


def about_packages(survey: Survey, *, lent: bool = False) -> Iterator[Finding]:
    """What is installed in an interpreter; and whether the rest is *lent* to it."""
    packages = survey.packages
    yield Finding("python", f"{survey.python}, {survey.executable}")
    version = packages.get(_DISTRIBUTION)
    then = None if version else survey.install("aiprov-otel[auto]")
    yield _lendable(_DISTRIBUTION, version or "is not installed", then, lent=lent)
    lacking = [name for name in (*_BASE, *STARTED_WITH) if name not in packages]
    present = [
        f"{name.removeprefix('opentelemetry-')} {packages[name]}"
        for name in sorted(packages)
        if name in {*_BASE, *STARTED_WITH} or name.startswith("opentelemetry-exporter-otlp-proto-")
    ]
    parts = [", ".join(present)] if present else []
    parts += [f"without {', '.join(lacking)}"] if lacking else []
    then = survey.install(*lacking) if lacking else None
    yield _lendable("opentelemetry", "; ".join(parts), then, lent=lent)
    prefix = f"{STARTED_WITH[1]}-"
    names = [name.removeprefix(prefix) for name in sorted(packages) if name.startswith(prefix)]
    lacking = missing_instrumentations(packages)
    then = None if names or not lacking else survey.install("aiprov-otel[auto]")
    yield _lendable("instrumented", ", ".join(names) or "no library", then, lent=lent)


def about_process(
    report: Mapping[str, Any], packages: Mapping[str, str], *, lent: bool = False
) -> Iterator[Finding]:
    """What a process has, from its own *report*; what *packages* lack may be *lent* to it."""
    yield _installation(report)
    if not report["disabled"]:
        yield from _manifests(report)
    for sentence in report["wrong"]:
        yield Finding("setting", sentence, "correct it; see docs/reference/configuration.md")
    yield from _providers(report, lent=lent and _DISTRIBUTION not in packages)
    yield from _encoding(report)
    yield _frameworks(report["frameworks"], report["servers"], packages, lent=lent)
    if left_alone := report.get("left_alone"):
        yield Finding("not rewritten", f"{', '.join(left_alone)}: read by that library")
    for slug in report["warnings"]:
        if slug not in {"manifest-missing", "setting-wrong"} and not (
            slug == "manifest-unreadable" and report["unreadable"]
        ):
            yield Finding(
                "warning", slug, f"see docs/reference/messages.md#{slug} for the cause and the fix"
            )


def about_rules(reports: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """The packages of the import hook that none of the processes of *reports* imported."""
    named = {name for report in reports for name in report["packages"]["named"]}
    used = {name for report in reports for name in report["packages"]["used"]}
    if unused := sorted(named - used):
        found = f"{outcome.PACKAGES} names {', '.join(unused)}, which was not imported"
        known = {name for report in reports for name in _top_level(report)}
        yield Finding("packages", found, outcome.fix_packages(sorted(known)))


def _top_level(report: Mapping[str, Any]) -> Iterator[str]:
    for path in report["manifests"]:
        with suppress(ManifestError):
            yield from top_level(Manifest.load(path))


def _installation(report: Mapping[str, Any]) -> Finding:
    if report["disabled"]:
        then = "unset AIPROV_DISABLED and OTEL_SDK_DISABLED"
        return Finding("installed", "no: switched off by the environment", then)
    if not report["installed"]:
        then = "look for a call of uninstall(), or an error of install() in the output of CMD"
        return Finding("installed", "no: uninstalled or failed", then)
    when = "before the command's own modules" if report["early"] else "by the command's own code"
    return Finding("installed", when)


def _manifests(report: Mapping[str, Any]) -> Iterator[Finding]:
    then = "run `aiprov build` where git is, and set AIPROV_MANIFEST to the file"
    for sentence in report["unreadable"]:
        yield Finding("manifest", sentence, then)
    if not report["installed"]:
        return
    if not report["manifests"]:
        if not report["unreadable"]:
            yield Finding("manifest", f"none in or above {report['folder']}", then)
        return
    for path in report["manifests"]:
        try:
            yield from _manifest(Manifest.load(path), report)
        except ManifestError as error:
            yield Finding("manifest", str(error), "run `aiprov build` again")
    loaded = report["loaded"]
    counts = ", ".join(f"{number} {match}" for match, number in sorted(loaded.items()))
    yield Finding("loaded", counts or "no application file yet")


def _manifest(manifest: Manifest, report: Mapping[str, Any]) -> Iterator[Finding]:
    lines = sum(entry.lines for entry in manifest.entries)
    built = f", commit {short_hash(manifest.revision)}" if manifest.revision else ""
    files = quantity(len(manifest.entries), "file")
    yield Finding("manifest", f"{manifest.path}: {files}, {quantity(lines, 'line')}{built}")
    matches = match_files(manifest, [*report["path"], report["folder"]])
    stale = [name for name, match in matches.items() if match == "stale"]
    counts = Counter(matches.values())
    kinds = ["exact", *(["unverified"] if counts["unverified"] else []), "stale", "missing"]
    numbers = ", ".join(f"{counts[match]} {match}" for match in kinds)
    yield Finding("match", f"{numbers}, of {files} in the manifest", _fix(stale, counts))


def _fix(stale: Sequence[str], counts: Mapping[str, int]) -> str | None:
    if stale:
        return f"{', '.join(stale[:3])} changed since the build: run `aiprov build` again"
    if not counts["exact"] and not counts["unverified"]:
        return "wrong manifest, or CMD runs in another folder: set AIPROV_MANIFEST"
    return None


def _providers(report: Mapping[str, Any], *, lent: bool) -> Iterator[Finding]:
    processors = report["processors"]
    exporters = [each["exporter"] for each in processors if each["exporter"]]
    kinds = ", ".join(each["type"] for each in processors)
    provider = f"{report['tracer_provider']}: {kinds or 'no processor'}"
    ours = any(each["type"] == _OURS for each in processors)
    if not exporters:
        then = "no exporter: set OTEL_TRACES_EXPORTER, or add an exporter to the provider"
    elif not ours and not report["disabled"]:
        then = f"{_OURS} is missing: call aiprov_otel.install(tracer_provider=…) with it"
    else:
        then = None
    if any(each.get("grpc") for each in processors):
        # Not wrong by itself: it is what a Collector takes, and `aiprov serve` does not.
        kinds = "gRPC; `aiprov serve` takes OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"
        yield Finding("protocol", kinds)
    sent = f"{provider}; sent by {', '.join(exporters) or 'nothing'}"
    yield _lendable("traces", sent, then, lent=lent and not exporters)
    yield Finding("metrics", report["meter_provider"])
    yield Finding("logs", report["logger_provider"])
    if revision := report["revision"]:
        yield Finding("resource", f"commit {short_hash(revision)}")
    else:
        then = "set OTEL_EXPERIMENTAL_RESOURCE_DETECTORS=aiprov" if report["manifests"] else None
        yield _lendable("resource", "without the deployed commit", then, lent=lent)


def _encoding(report: Mapping[str, Any]) -> Iterator[Finding]:
    encoding = report["encoding"]
    if encoding["refused"]:
        yield Finding("encoding", f"of spans by OpenTelemetry: {encoding['refused']}")
    elif encoding["used"]:
        kinds = " and ".join(encoding["used"])
        off = "AIPROV_FAST_ENCODING=false leaves it to OpenTelemetry"
        yield Finding("encoding", f"of spans by aiprov-otel, over {kinds}; {off}")


def _frameworks(
    modules: Sequence[str], servers: Sequence[str], packages: Mapping[str, str], *, lent: bool
) -> Finding:
    needed = {name: _INSTRUMENTATIONS[name] for name in modules if name in _INSTRUMENTATIONS}
    if "fastapi.routing" in needed:  # its instrumentation covers the Starlette below it
        needed.pop("starlette.routing", None)
    lacking = sorted({each for each in needed.values() if each not in packages})
    own = [name for name in modules if name != "grpc" or _INSTRUMENTED_GRPC in packages]
    names = ", ".join(sorted({name.partition(".")[0] for name in own}))
    if servers and not names:
        names = f"none that is supported; served by {servers[0].partition('.')[0]}"
        lacking = [each for each in _OF_SERVERS if each not in packages]
    then = f"pip install {' '.join(lacking)}, for spans of its requests" if lacking else None
    found = names or "no supported framework was imported"
    return _lendable("frameworks", found, then, lent=lent)


def no_report(seconds: float, status: int | None) -> Finding:
    """A command none of whose processes reported."""
    end = f"it ended with status {status}" if status is not None else f"within {seconds:g} s"
    then = (
        "check that CMD starts Python without -I, -E or -S, and that "
        "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS does not include aiprov"
    )
    return Finding("installed", f"no process of CMD loaded aiprov-otel; {end}", then)


def about_end(events: Sequence[Event], program: str, status: int | None) -> Iterator[Finding]:
    """Processes that can't be traced, with the reason that `aiprov run` gives; a failed command."""
    if why := outcome.why_not_started(events):
        yield Finding("started", why, "do that, or run CMD in another environment")
    if status:
        end = f"failed with status {status}" if status > 0 else f"was ended by signal {-status}"
        yield Finding("command", f"{program} {end}", "see its output above")
