"""`aiprov run -- CMD`: lends CMD what it lacks, runs it instrumented, and reports."""

from __future__ import annotations

import argparse
import os
from contextlib import nullcontext

from aiprov_otel.cli.command import resolve
from aiprov_otel.cli.output import note
from aiprov_otel.cli.signals import ends_soon
from aiprov_otel.lending.room import lend
from aiprov_otel.lending.survey import start_survey
from aiprov_otel.telemetry.extra import local_extra

_EPILOG = """example:
  aiprov run -- uvicorn shop.app:app

Uses the manifest named by AIPROV_MANIFEST, else builds one from the git history of the current
folder, else uses the aiprov.manifest in or above it. What the environment of CMD lacks is lent to
it: aiprov-otel, OpenTelemetry, and the instrumentations of the libraries that it has; nothing is
installed. For this run traces go to aiprov, whatever OTEL_* is set to. The report covers this run
only and goes to standard error, so that CMD's output is unchanged.

Exit status: that of CMD, 128+n if signal n ended it, 126 if it can't be started, 2 if it is not
found. Ctrl-C and SIGTERM reach CMD, and the report follows when CMD has ended. A second SIGTERM
or a third Ctrl-C kills CMD."""


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "run",
        description="Build the manifest, run CMD with code origin on its traces, and report.",
        epilog=_EPILOG,
        usage="aiprov run [-h] -- CMD ...",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "command", nargs=argparse.REMAINDER, metavar="CMD", help="the command to run"
    )
    parser.set_defaults(run=run)


@ends_soon()
def run(args: argparse.Namespace) -> int:
    """Run the command and report; the exit status is the command's."""
    command = resolve(args.command, "aiprov run")
    if own := command.own_program:
        note(f"{command.words[0]} belongs to aiprov; to run the service's, name {own}")
    with local_extra():
        import rich  # noqa: F401 (fail before the run, not after it)
    interpreter = command.interpreter
    with start_survey(interpreter, os.environ) if interpreter else nullcontext() as answer:
        # Imported while the interpreter answers: both take as long.
        from aiprov_otel.cli.observed_run import observe

        survey = answer() if answer else None
    lent = (survey, lend(survey, os.environ, note)) if survey else None
    return observe(command, os.environ, lent)
