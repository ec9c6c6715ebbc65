"""`aiprov demo`: everything on a small shop, in one command."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aiprov_otel.cli.output import say
from aiprov_otel.errors import UsageError
from aiprov_otel.manifest import FILE_NAME, Manifest
from aiprov_otel.manifest.locate import FOLDER
from aiprov_otel.telemetry.workdir import STORE, make_folder

if TYPE_CHECKING:
    from aiprov_otel.telemetry.store import Store

_EPILOG = """example:
  aiprov demo --dir /tmp/shop --requests 300

Everything stays in that folder and on the loopback interface; nothing keeps running."""

_NEEDED: Final = (
    "duckdb",
    "fastapi",
    "httpx",
    "opentelemetry.distro",
    "opentelemetry.instrumentation.fastapi",
    "opentelemetry.instrumentation.httpx",
    "opentelemetry.instrumentation.sqlalchemy",
    "opentelemetry.proto",
    "rich",
    "sqlalchemy",
    "uvicorn",
)


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "demo",
        description="Create a small shop with its git history, run it, send it requests, report.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--dir",
        type=Path,
        default=Path("aiprov-demo"),
        help="where to create it; an earlier demo there is replaced (default: %(default)s)",
    )
    parser.add_argument(
        "--requests", type=_count, default=1200, metavar="N", help="default: %(default)s"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Create the shop, run it under load, and report."""
    if missing := _missing_module():
        msg = f"{missing} is missing; install it with `pip install 'aiprov-otel[demo]'`"
        raise UsageError(msg)
    _demo(args.dir, args.requests)
    return 0


def _demo(where: Path, requests: int) -> None:
    from aiprov_otel.demo import story
    from aiprov_otel.demo.shop import lay_out
    from aiprov_otel.history.build import build
    from aiprov_otel.report.render.terminal import open_console, show_report
    from aiprov_otel.report.report import build_report
    from aiprov_otel.telemetry.store import Store

    folder = lay_out(where)
    state = make_folder(folder)
    summary = build(folder, state / FILE_NAME)
    say(story.describe_shop(folder, summary))
    with Store.open(folder / STORE) as store:
        say(_load(store, folder, summary.path, requests))
        result = build_report(store)
    say()
    show_report(result, Manifest.load(summary.path), open_console(sys.stdout))
    say()
    for line in story.describe_next(folder, result):
        say(line)


def _load(store: Store, folder: Path, manifest: Path, requests: int) -> str:
    """Run the shop, send it *requests* and store its spans; returns a line about the answers."""
    from aiprov_otel.demo import customers, load, service, story
    from aiprov_otel.receiver.server import Receiver
    from aiprov_otel.telemetry.launch import environment

    with Receiver(store, port=0) as receiver:
        variables = environment(
            _neutral(), endpoint=receiver.endpoint, manifest=manifest, folder=Path("shop")
        )
        log = folder / FOLDER / service.LOG
        with service.run_shop(folder, variables, log) as address:
            say(f"the shop runs at {address}; sending {requests:,} requests")
            sys.stdout.flush()
            began = time.monotonic()
            answers = load.drive(address, customers.plan(requests), _progress(requests))
            seconds = time.monotonic() - began
    return story.describe_answers(answers, seconds)


def _progress(requests: int) -> Callable[[int], None] | None:
    """Shows the number of answers on a terminal, in a line that is cleared at the end."""
    if not sys.stderr.isatty():
        return None

    def show(done: int) -> None:
        line = f"{done:,} of {requests:,}" if done < requests else "\033[K"
        print(f"\r{line}", end="\r", file=sys.stderr, flush=True)

    return show


def _neutral() -> dict[str, str]:
    """The environment without the settings of the user's own services."""
    own = ("AIPROV_", "OTEL_", "SHOP_")
    return {name: value for name, value in os.environ.items() if not name.startswith(own)}


def _missing_module() -> str | None:
    """The first module of the extra that is not installed."""
    return next((name for name in _NEEDED if not _is_installed(name)), None)


def _is_installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # of a parent
        return False


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        msg = f"{text!r} is not a number of requests; use 1 or more"
        raise argparse.ArgumentTypeError(msg)
    return int(text)
