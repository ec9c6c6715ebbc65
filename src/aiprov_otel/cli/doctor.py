"""`aiprov doctor`: checks what a service has, and what is missing."""

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

from aiprov_otel.cli.command import resolve
from aiprov_otel.cli.doctor_findings import (
    Finding,
    Survey,
    about_packages,
    about_process,
    no_report,
)
from aiprov_otel.cli.output import say, say_json
from aiprov_otel.errors import UsageError
from aiprov_otel.telemetry.launch import launcher

_EPILOG: Final = """example:
  aiprov doctor -- uvicorn shop.app:app

Runs CMD under `opentelemetry-instrument`, as `aiprov run` does, but with your own OTEL_* settings.
Its output goes to standard error. The findings are printed when CMD ends, or after --seconds.
Without CMD, an empty Python program is checked.

Exit status: 0 nothing is missing, 1 something is missing, 2 command not found."""

_EMPTY_PROGRAM: Final = ("-c", "")
_STOP: Final = 5.0  # seconds that a process has to end after SIGTERM
_SURVEY: Final = """
import json, platform, sys
from importlib.metadata import distributions
names = {(d.metadata["Name"] or "").lower().replace("_", "-"): d.version for d in distributions()}
print(json.dumps([platform.python_version(), sys.executable, names]))
"""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "doctor",
        description="Check whether a service has what provenance needs, and print the next step "
        "for what is missing.",
        epilog=_EPILOG,
        usage="aiprov doctor [-h] [--json] [--seconds N] [-- CMD ...]",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    parser.add_argument(
        "--seconds",
        type=float,
        default=10,
        metavar="N",
        help="stop CMD after N seconds; default: 10",
    )
    parser.add_argument(
        "command", nargs=argparse.REMAINDER, metavar="CMD", help="the command to check"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the findings; 1 if something is missing."""
    if not args.seconds > 0:
        msg = "--seconds must be above 0"
        raise UsageError(msg)
    has_command = any(word != "--" for word in args.command)
    command, interpreter = resolve(
        args.command if has_command else [sys.executable, *_EMPTY_PROGRAM], "aiprov doctor"
    )
    survey = _survey(interpreter)
    findings = list(about_packages(survey))
    reports: list[dict[str, Any]] = []
    if not survey.lacks():
        reports, status = _reports(command, interpreter, args.seconds, until_end=has_command)
        findings += _about(reports, survey) if reports else [no_report(args.seconds, status)]
    _print(findings, reports, as_json=args.json)
    return 1 if any(finding.then for finding in findings) else 0


def _survey(interpreter: str) -> Survey:
    process = subprocess.run([interpreter, "-c", _SURVEY], capture_output=True, check=False)
    if process.returncode:
        msg = f"{interpreter} does not start; `{interpreter} -c ''` shows why"
        raise UsageError(msg)
    return Survey(*json.loads(process.stdout))


def _about(reports: Sequence[Mapping[str, Any]], survey: Survey) -> Iterator[Finding]:
    """The findings about the process that loaded most of the application."""
    best = max(reports, key=lambda each: (sum(each["loaded"].values()), len(each["frameworks"])))
    return about_process(best, survey.packages)


def _reports(
    command: Sequence[str], interpreter: str, seconds: float, *, until_end: bool
) -> tuple[list[dict[str, Any]], int | None]:
    """The last report of each process of *command*, and its exit status; None if it was stopped."""
    with tempfile.TemporaryDirectory(prefix="aiprov-doctor-") as folder:
        variables = {**os.environ, "AIPROV_DOCTOR": folder}
        started = launcher(command, interpreter=interpreter)
        with _run_for_a_while(started, variables) as process:
            until = time.monotonic() + seconds
            while process.poll() is None and time.monotonic() < until:
                if not until_end and any(Path(folder).glob("*.json")):
                    break
                time.sleep(0.05)
            status = process.poll()
        files = sorted(Path(folder).glob("*.json"))
        return [json.loads(file.read_text("utf-8")) for file in files], status


@contextmanager
def _run_for_a_while(
    command: Sequence[str], variables: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, env=variables, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _print(findings: Sequence[Finding], reports: Sequence[Any], *, as_json: bool) -> None:
    missing = [finding for finding in findings if finding.then]
    if as_json:
        rows = [asdict(finding) for finding in findings]
        say_json({"fine": not missing, "findings": rows, "processes": list(reports)})
        return
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        mark = "missing" if finding.then else "ok"
        say(f"{mark:7}  {finding.name:{width}}  {finding.found}")
        if finding.then:
            say(f"{'':7}  {'':{width}}  -> {finding.then}")
