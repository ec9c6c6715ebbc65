"""`aiprov traceback`: a pasted stack trace, each frame with its origin."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from aiprov_otel.cli.blame import as_json
from aiprov_otel.cli.options import add_manifest
from aiprov_otel.cli.output import counted, say, say_json, visible
from aiprov_otel.errors import UsageError
from aiprov_otel.history.query import open_lookup
from aiprov_otel.stacktrace.annotate import age, told, who
from aiprov_otel.stacktrace.frames import Frame, Line, annotate
from aiprov_otel.stacktrace.text import unwrapped
from aiprov_otel.values import Match


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "traceback",
        help="a pasted stack trace, each frame with its origin",
        description="Print a stack trace of Python with who wrote the line of each frame. It may "
        "stand in a log, in JSON, or be an event of Sentry. Give the manifest that was deployed "
        "with --manifest; without it, the lines are taken as they are in this work tree.",
        epilog="example: aiprov traceback error.log",
    )
    parser.add_argument("file", nargs="?", default="-", help="default: -, the standard input")
    add_manifest(parser)
    parser.add_argument("--json", action="store_true", help="print the frames as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the stack trace, annotated."""
    text = unwrapped(_read(args.file))
    known, said_by = open_lookup(Path(), args.manifest)
    lines = annotate(text, known)
    frames = [_as_pasted(frame) for frame in _frames(lines)]
    if not frames:
        name = "the standard input" if args.file == "-" else args.file
        msg = (
            f'no stack trace in {name}; its frames look like File "shop/cart.py", line 4, in total'
        )
        raise UsageError(msg)
    if args.json:
        say_json({"said_by": said_by, "frames": [_as_json(frame) for frame in frames]})
    else:
        for shown in [*told(lines), "", _verdict(frames, said_by)]:
            say(visible(shown))
    return 0


def _read(name: str) -> str:
    if name == "-":
        if sys.stdin.isatty():
            print("paste the stack trace, then press Ctrl-D", file=sys.stderr)
        return sys.stdin.buffer.read().decode("utf-8", "replace")
    try:
        return Path(name).read_text("utf-8", "replace")
    except OSError as error:
        msg = f"{name} can't be read: {error.strerror or error}"
        raise UsageError(msg) from error


def _frames(lines: Sequence[Line]) -> list[Frame]:
    """Each frame once, in order."""
    return list({id(line.frame): line.frame for line in lines if line.frame}.values())


def _as_pasted(frame: Frame) -> Frame:
    """Where a text came from is not known: that its lines are those of the file is its word."""
    found = frame.provenance and replace(frame.provenance, match=Match.UNVERIFIED)
    return replace(frame, provenance=found)


def _as_json(frame: Frame) -> dict[str, Any]:
    named = {"file": frame.path, "function": frame.function}
    if frame.provenance is None:
        return {**named, "line": frame.line, "application": False}
    line = as_json(frame.provenance.path or frame.path, frame.line, frame.provenance)
    return {**named, **line, "application": True, "age": age(frame.provenance.time)}


def _verdict(frames: Sequence[Frame], said_by: str) -> str:
    ours = [(frame, found) for frame in frames if (found := frame.provenance)]
    if not ours:
        return f"{counted(len(frames), 'frame')}, none of a file that is known by {said_by}"
    origins = Counter(found.origin.value for _, found in ours)
    shares = ", ".join(f"{number} {origin}" for origin, number in origins.most_common())
    last, found = ours[-1]
    return (
        f"{len(ours)} of {counted(len(frames), 'frame')} known by {said_by}: {shares}; "
        f"the last of them, {found.path or last.path}:{last.line}, is {who(found)}"
    )
