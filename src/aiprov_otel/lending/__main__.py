"""Lends packages to an interpreter, for a process of it that waits; prints the answer as JSON."""

from __future__ import annotations

import json
import os
import sys

from aiprov_otel.errors import AiprovError
from aiprov_otel.lending.room import lend
from aiprov_otel.lending.survey import survey


def main(interpreter: str) -> None:
    """Print the folders, or why there are none."""

    def notify(text: str) -> None:
        print(f"aiprov: {text}", file=sys.stderr, flush=True)

    try:
        room = lend(survey(interpreter, os.environ), os.environ, notify)
        answer = {"folders": room.folders, "release": room.release}
    except AiprovError as error:
        answer = {"refused": str(error)}
    print(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1])
