"""`aiprov serve`: the local OTLP receiver and its page."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aiprov_otel.cli.options import limit
from aiprov_otel.errors import StoreError
from aiprov_otel.receiver.server import HOST, PORT, Receiver
from aiprov_otel.telemetry.retention import DAYS, GIB, Retention
from aiprov_otel.telemetry.store import Store
from aiprov_otel.telemetry.workdir import STORE, make_folder

if TYPE_CHECKING:
    from types import FrameType

_EPILOG = """example:
  aiprov serve &
  OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf opentelemetry-instrument python app.py
  aiprov report --from http://127.0.0.1:4318

http://127.0.0.1:4318 in a browser shows the report.
Traces older than --keep-days go, and the oldest when the store grows beyond --keep-gib.
It ends with Ctrl-C (exit status 130) or SIGTERM (143); what was answered is stored."""

_LOOK: Final = 60.0  # seconds between two looks at what is too old
_ENDING: Final = 1.5  # seconds after a signal until the process ends, whatever it does


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "serve",
        help="receive traces over OTLP, and keep them on this machine",
        description="Receive traces over OTLP/HTTP, from this machine, and keep them in a file.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=int, default=PORT, help="default: %(default)s; 0: any free")
    parser.add_argument(
        "--host",
        default=HOST,
        metavar="ADDRESS",
        help="of the interface to listen on, 0.0.0.0 for all; default: %(default)s, this machine",
    )
    parser.add_argument("--store", type=Path, metavar="FILE", help=f"default: {STORE}")
    parser.add_argument(
        "--keep-days", type=limit, default=DAYS, metavar="N", help="default: %(default)g"
    )
    parser.add_argument(
        "--keep-gib",
        type=limit,
        default=GIB,
        metavar="N",
        help="of the newest; default: %(default)g",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until a signal comes; the exit status says which."""
    came: list[int] = []
    over = threading.Event()

    def end(number: int, _: FrameType | None) -> None:
        came.append(number)
        over.set()
        # What was answered is on the disk: nothing is lost if the rest does not end by itself.
        watchdog = threading.Timer(_ENDING, os._exit, (128 + number,))
        watchdog.daemon = True
        watchdog.start()

    path = args.store or make_folder(Path.cwd()) / STORE.name
    previous = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with Store.open(path) as store, Receiver(store, host=args.host, port=args.port) as receiver:
            _say(
                f"receiving traces at {receiver.endpoint}, which shows them in a browser, and "
                f"keeping them in {path}; Ctrl-C ends it"
            )
            retention = Retention(args.keep_days, args.keep_gib)
            # Not in this thread: a signal is only handled when a query of it has ended.
            threading.Thread(target=_prune, args=(store, retention, over), daemon=True).start()
            over.wait()
            _say("ending")
    finally:
        _restore(previous)
    return 128 + came[0]


def _prune(store: Store, retention: Retention, over: threading.Event) -> None:
    while not over.is_set():
        try:
            if gone := retention.prune(store, time.time_ns()):
                _say(
                    f"{gone:,} spans went: they were too old, or too many (--keep-days, --keep-gib)"
                )
        except StoreError as error:
            if not over.is_set():
                _say(str(error))
        over.wait(_LOOK)


def _restore(handlers: dict[signal.Signals, Any]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)


def _say(line: str) -> None:
    print(f"aiprov: {line}", file=sys.stderr, flush=True)
