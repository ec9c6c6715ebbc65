"""`aiprov traceback`: a pasted stack trace, each frame with its origin."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from aiprov_otel.cli.blame import as_json
from aiprov_otel.cli.options import add_manifest
from aiprov_otel.cli.output import note, say, say_json
from aiprov_otel.errors import UsageError
from aiprov_otel.files import MANY_BYTES
from aiprov_otel.format import age, quantity
from aiprov_otel.history.traceback_lookup import open_lookup
from aiprov_otel.stacktrace.annotate import describe, format_trace
from aiprov_otel.stacktrace.frames import Frame, Line, annotate, unread
from aiprov_otel.stacktrace.text import decode, unwrap
from aiprov_otel.values import Match

_FIRST = "(most recent call first)"  # as faulthandler prints it


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "traceback",
        description="Print a Python stack trace with the origin of each frame's line. It can be "
        "in a log, in JSON, or in a Sentry event. Give the deployed manifest with --manifest; "
        "without it, lines are looked up in this work tree.",
        epilog="example: aiprov traceback error.log",
    )
    parser.add_argument("file", nargs="?", default="-", help="default: -, standard input")
    add_manifest(parser)
    parser.add_argument("--json", action="store_true", help="print the frames as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the stack trace, annotated."""
    text = unwrap(_read(args.file))
    files, said_by = open_lookup(Path(), args.manifest)
    lines = annotate(text, files)
    frames = [_unverify(frame) for frame in _frames(lines)]
    skipped = unread(lines)
    if not frames:
        name = "standard input" if args.file == "-" else args.file
        msg = f'no stack trace in {name}; a frame looks like File "shop/cart.py", line 4, in total'
        raise UsageError(msg)
    if args.json:
        rows = [_as_json(frame) for frame in frames]
        say_json({"said_by": said_by, "frames": rows, "skipped": skipped})
    else:
        for shown in [*format_trace(lines), "", _verdict(frames, said_by, first=_FIRST in text)]:
            say(shown)
    if skipped:
        note(f"skipped {quantity(skipped, 'line')} with part of a frame only: cut off, or mixed up")
    return 0


def _read(name: str) -> str:
    if name == "-":
        if sys.stdin.isatty():
            print("paste the stack trace, then press Ctrl-D", file=sys.stderr)
        return _read_bounded(sys.stdin.buffer, "the standard input")
    try:
        with Path(name).open("rb") as file:  # a pipe is fine, as in `aiprov traceback <(logs)`
            return _read_bounded(file, name)
    except OSError as error:
        msg = f"{name} can't be read: {error.strerror or error}"
        raise UsageError(msg) from error


def _read_bounded(file: BinaryIO, name: str) -> str:
    content = file.read(MANY_BYTES + 1)
    if len(content) > MANY_BYTES:
        msg = f"{name} has more than {MANY_BYTES:,} bytes; pass the part with the stack trace"
        raise UsageError(msg)
    return decode(content)


def _frames(lines: Sequence[Line]) -> list[Frame]:
    """Each frame once, in order."""
    return list({id(line.frame): line.frame for line in lines if line.frame}.values())


def _unverify(frame: Frame) -> Frame:
    """*frame*, unverified: nothing proves that a pasted text is about this version of the file."""
    provenance = frame.provenance and replace(frame.provenance, match=Match.UNVERIFIED)
    return replace(frame, provenance=provenance)


def _as_json(frame: Frame) -> dict[str, Any]:
    place = {"file": frame.path, "function": frame.function}
    if frame.provenance is None:
        return {**place, "line": frame.line, "application": False}
    line = as_json(frame.provenance.path or frame.path, frame.line, frame.provenance)
    return {**place, **line, "application": True, "age": age(frame.provenance.time)}


def _verdict(frames: Sequence[Frame], said_by: str, *, first: bool) -> str:
    """The origins of the frames, and that of the innermost one, which is *first* or last."""
    ours = [(frame, frame.provenance) for frame in frames if frame.provenance]
    if not ours:
        return f"{quantity(len(frames), 'frame')}, none in a file known to {said_by}"
    origins = Counter(provenance.origin.value for _, provenance in ours)
    shares = ", ".join(f"{number} {origin}" for origin, number in origins.most_common())
    frame, provenance = ours[0 if first else -1]
    return (
        f"{len(ours)} of {quantity(len(frames), 'frame')} known to {said_by}: {shares}; "
        f"the innermost, {provenance.path or frame.path}:{frame.line}, is {describe(provenance)}"
    )
