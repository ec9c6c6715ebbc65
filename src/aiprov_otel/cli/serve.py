"""`aiprov serve`: the local OTLP receiver and its page."""

from __future__ import annotations

import argparse
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aiprov_otel.cli.code import page_code
from aiprov_otel.cli.options import address, limit, store_path
from aiprov_otel.cli.output import note
from aiprov_otel.cli.signals import ends_soon
from aiprov_otel.errors import StoreError
from aiprov_otel.format import quantity
from aiprov_otel.receiver.server import HOST, MEMORY, PORT, Receiver
from aiprov_otel.telemetry.retention import DAYS, GIB, Retention
from aiprov_otel.telemetry.store import Store
from aiprov_otel.telemetry.workdir import STORE, make_folder

if TYPE_CHECKING:
    from types import FrameType

_EPILOG = """example:
  aiprov serve &
  OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf opentelemetry-instrument python app.py
  aiprov report --from http://127.0.0.1:4318

Open http://127.0.0.1:4318 in a browser for the report.
Traces older than --keep-days are deleted, and the oldest ones when the store exceeds --keep-gib.
Stop it with Ctrl-C (exit status 130) or SIGTERM (143); every acknowledged span is stored."""

_PRUNE_EVERY: Final = 60.0  # seconds


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "serve",
        description="Receive traces over OTLP/HTTP and store them in a file on this machine.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--port", type=int, default=PORT, help="default: %(default)s; 0: any free port"
    )
    parser.add_argument(
        "--host",
        type=address,
        default=HOST,
        metavar="ADDRESS",
        help="interface to listen on; 0.0.0.0: all; default: %(default)s, this machine only",
    )
    parser.add_argument("--store", type=store_path, metavar="FILE", help=f"default: {STORE}")
    parser.add_argument(
        "--keep-days",
        type=limit,
        default=DAYS,
        metavar="N",
        help="delete older traces; default: %(default)g",
    )
    parser.add_argument(
        "--keep-gib",
        type=limit,
        default=GIB,
        metavar="N",
        help="delete the oldest traces beyond this size; default: %(default)g",
    )
    parser.add_argument(
        "--coverage",
        type=Path,
        metavar="FILE",
        help="show on the page which lines tests executed, from .coverage, `coverage json`, "
        "Cobertura or LCOV",
    )
    parser.set_defaults(run=run)


@ends_soon()
def run(args: argparse.Namespace) -> int:
    """Serve until a signal arrives; the exit status shows which."""
    came: list[int] = []
    over = threading.Event()

    def end(number: int, _: FrameType | None) -> None:
        came.append(number)
        over.set()

    code = page_code(args.coverage)
    path = args.store or make_folder(Path.cwd()) / STORE.name
    previous = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with (
            Store.open(path, memory=MEMORY) as store,
            Receiver(store, host=args.host, port=args.port, code=code) as receiver,
        ):
            note(
                f"receiving traces at {receiver.endpoint} (open it in a browser for the report), "
                f"storing them in {path}; Ctrl-C stops it"
            )
            retention = Retention(args.keep_days, args.keep_gib)
            # In a thread of its own: the main thread handles a signal only between queries.
            threading.Thread(target=_prune, args=(store, retention, over), daemon=True).start()
            over.wait()
            note("stopping")
    finally:
        _restore(previous)
    return 128 + came[0]


def _prune(store: Store, retention: Retention, over: threading.Event) -> None:
    while not over.is_set():
        try:
            if deleted := retention.prune(store, time.time_ns()):
                note(f"deleted {quantity(deleted, 'span')} (--keep-days, --keep-gib)")
        except StoreError as error:
            if not over.is_set():
                note(str(error))
        over.wait(_PRUNE_EVERY)


def _restore(handlers: dict[signal.Signals, Any]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)
