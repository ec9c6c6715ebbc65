"""`aiprov doctor`: what was found, hooked and matched, and what is missing."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from aiprov_otel.cli.command import resolved
from aiprov_otel.cli.doctor_findings import Finding, Survey, of_packages, of_process, of_silence
from aiprov_otel.cli.output import say, say_json, visible
from aiprov_otel.errors import UsageError
from aiprov_otel.telemetry.launch import launcher

_EPILOG: Final = """example:
  aiprov doctor -- uvicorn shop.app:app

CMD is run under `opentelemetry-instrument`, as `aiprov run` does, but with your own OTEL_*; what it
prints goes to the standard error. When it has ended, or after --seconds, its processes have said
what they have. Without CMD, a Python with nothing to do is asked.

Exit status: 0 all is there, 1 something is missing, 2 there is no such command."""

_NOTHING: Final = ("-c", "")
_PATIENCE: Final = 5.0  # seconds, for a process to end that was asked to
_SURVEY: Final = """
import json, platform, sys
from importlib.metadata import distributions
found = {(d.metadata["Name"] or "").lower().replace("_", "-"): d.version for d in distributions()}
print(json.dumps([platform.python_version(), sys.executable, found]))
"""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "doctor",
        help="what was found, hooked, matched; what is missing",
        description="Say what a service has of what provenance needs, and the next step for what "
        "is missing.",
        epilog=_EPILOG,
        usage="aiprov doctor [-h] [--json] [--seconds N] [-- CMD ...]",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    parser.add_argument(
        "--seconds", type=float, default=10, metavar="N", help="how long CMD may run; default: 10"
    )
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="CMD", help="what to run")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Look, and print what was found; 1 if something is missing."""
    if not args.seconds > 0:
        msg = "--seconds is how long CMD may run; say more than 0"
        raise UsageError(msg)
    asked = [word for word in args.command if word != "--"]
    command, interpreter = resolved(
        args.command if asked else [sys.executable, *_NOTHING], "aiprov doctor"
    )
    survey = _survey(interpreter)
    findings = list(of_packages(survey))
    reports: list[dict[str, Any]] = []
    if not survey.lacks():
        reports, status = _reports(command, interpreter, args.seconds, waiting=bool(asked))
        findings += _of(reports, survey) if reports else [of_silence(args.seconds, status)]
    _print(findings, reports, as_json=args.json)
    return 1 if any(finding.then for finding in findings) else 0


def _survey(interpreter: str) -> Survey:
    done = subprocess.run([interpreter, "-c", _SURVEY], capture_output=True, check=False)
    if done.returncode:
        msg = f"{interpreter} does not start; see what `{interpreter} -c ''` says"
        raise UsageError(msg)
    return Survey(*json.loads(done.stdout))


def _of(reports: Sequence[Mapping[str, Any]], survey: Survey) -> Iterator[Finding]:
    """The findings about the process that does the work: the one with most of the application."""
    best = max(reports, key=lambda each: (sum(each["loaded"].values()), len(each["frameworks"])))
    return of_process(best, survey.packages)


def _reports(
    command: Sequence[str], interpreter: str, seconds: float, *, waiting: bool
) -> tuple[list[dict[str, Any]], int | None]:
    """What each process of *command* reported last, and the status that it ended with by itself."""
    with tempfile.TemporaryDirectory(prefix="aiprov-doctor-") as folder:
        variables = {**os.environ, "AIPROV_DOCTOR": folder}
        started = launcher(command, interpreter=interpreter)
        with _running(started, variables) as process:
            until = time.monotonic() + seconds
            while process.poll() is None and time.monotonic() < until:
                if not waiting and any(Path(folder).glob("*.json")):
                    break
                time.sleep(0.05)
            status = process.poll()
        files = sorted(Path(folder).glob("*.json"))
        return [json.loads(file.read_text("utf-8")) for file in files], status


@contextmanager
def _running(
    command: Sequence[str], variables: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, env=variables, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _print(findings: Sequence[Finding], reports: Sequence[Any], *, as_json: bool) -> None:
    missing = [finding for finding in findings if finding.then]
    if as_json:
        shown = [asdict(finding) for finding in findings]
        say_json({"fine": not missing, "findings": shown, "processes": list(reports)})
        return
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        mark = "missing" if finding.then else "ok"
        say(visible(f"{mark:7}  {finding.name:{width}}  {finding.found}"))
        if finding.then:
            say(visible(f"{'':7}  {'':{width}}  -> {finding.then}"))
