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

from aiprov_otel.cli.command import Command, resolve
from aiprov_otel.cli.doctor_findings import (
    Finding,
    about_capture,
    about_end,
    about_packages,
    about_process,
    about_rules,
    no_report,
)
from aiprov_otel.cli.output import note, say, say_json
from aiprov_otel.errors import UsageError
from aiprov_otel.lending.launch import Event, new_run
from aiprov_otel.lending.room import NotLent, Room, lend
from aiprov_otel.lending.survey import Survey
from aiprov_otel.lending.survey import survey as ask

_EPILOG: Final = """example:
  aiprov doctor -- uvicorn shop.app:app

Runs CMD instrumented, as `aiprov run` does, but with your own OTEL_* settings. What its environment
lacks is lent to it meanwhile, and listed as `by run`: the step below is for a start without
`aiprov run`. Its output goes to standard error. The findings are printed when CMD ends, or after
--seconds. Without CMD, an empty Python program is checked.

Exit status: 0 nothing is missing, 1 something is missing, 2 command not found."""

_EMPTY_PROGRAM: Final = ("-P", "-c", "")
_STOP: Final = 5.0  # seconds that a process has to end after SIGTERM


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
    command = resolve(
        args.command if has_command else [sys.executable, *_EMPTY_PROGRAM], "aiprov doctor"
    )
    findings: list[Finding] = []
    survey, lent = None, None
    if command.interpreter:
        survey = ask(command.interpreter, os.environ)
        try:
            room = lend(survey, os.environ, note)
            lent = survey, room
            findings += about_packages(survey, lent=bool(room.release))
            if room.release:
                findings.append(Finding("lent", f"OpenTelemetry {room.release}, as by aiprov run"))
        except NotLent as error:
            findings += about_packages(survey)
            findings.append(Finding("lent", "nothing", str(error)))
    reports: list[dict[str, Any]] = []
    if lent or survey is None:
        reports, events, status = _reports(command, lent, args.seconds, until_end=has_command)
        if reports:
            was_lent = any(event.get("release") for event in events)
            findings += _about(reports, survey.packages if survey else {}, lent=was_lent)
            findings += about_rules(reports)
        else:
            findings.append(no_report(args.seconds, status))
        findings += about_end(events, command.program, status)
    findings += about_capture(Path.cwd())
    _print(findings, reports, as_json=args.json)
    return 1 if any(finding.is_missing for finding in findings) else 0


def _about(
    reports: Sequence[Mapping[str, Any]], packages: Mapping[str, str], *, lent: bool
) -> Iterator[Finding]:
    """The findings about the process that loaded most of the application."""
    best = max(reports, key=lambda each: (sum(each["loaded"].values()), len(each["frameworks"])))
    return about_process(best, packages, lent=lent)


def _reports(
    command: Command, lent: tuple[Survey, Room] | None, seconds: float, *, until_end: bool
) -> tuple[list[dict[str, Any]], list[Event], int | None]:
    """
    The last report of each process of *command*, their events, and its exit status.

    That is None if it was stopped.
    """
    with tempfile.TemporaryDirectory(prefix="aiprov-doctor-") as folder, new_run() as its:
        variables = its.prepare({**os.environ, "AIPROV_DOCTOR": folder}, None, lent)
        with _run_for_a_while(command.words, variables) as process:
            until = time.monotonic() + seconds
            while process.poll() is None and time.monotonic() < until:
                if not until_end and any(Path(folder).glob("*.json")):
                    break
                time.sleep(0.05)
            status = process.poll()
        files = sorted(Path(folder).glob("*.json"))
        reports = [json.loads(file.read_text("utf-8")) for file in files]
        return reports, its.events(), status


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
    missing = [finding for finding in findings if finding.is_missing]
    if as_json:
        rows = [asdict(finding) for finding in findings]
        say_json({"fine": not missing, "findings": rows, "processes": list(reports)})
        return
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        mark = "missing" if finding.is_missing else "by run" if finding.then else "ok"
        say(f"{mark:7}  {finding.name:{width}}  {finding.found}")
        if finding.then:
            without = "without `aiprov run`: " if finding.by_run else ""
            say(f"{'':7}  {'':{width}}  -> {without}{finding.then}")
