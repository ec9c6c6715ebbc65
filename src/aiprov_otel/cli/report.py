"""`aiprov report`: errors and latency by code origin."""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import Final

from aiprov_otel.cli import counters
from aiprov_otel.cli.options import limit
from aiprov_otel.cli.output import say, table, visible
from aiprov_otel.errors import UsageError
from aiprov_otel.report import prometheus, remote
from aiprov_otel.report.prepared import PREPARE
from aiprov_otel.report.report import Report, report, why_empty
from aiprov_otel.report.sampling import Sampled
from aiprov_otel.telemetry import sources
from aiprov_otel.telemetry.sources.http import redacted
from aiprov_otel.telemetry.store import Store
from aiprov_otel.telemetry.workdir import STORE, deployed_manifest

_EPILOG = """example:
  aiprov report --json | jq .verdict
  aiprov report --from traces.json
  aiprov report --html report.html
  aiprov report --from clickhouse://host:8123/otel --days 7
  aiprov report --markdown --fail-if-low 1.5
  aiprov report --sql "SELECT Origin, count(*) FROM units GROUP BY Origin"

Exit status: 0 done, 1 there is nothing to report yet, or the ratio is above the one of
--fail-if-low, 2 something to mend."""

_DAY: Final = 86_400 * 10**9  # nanoseconds


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "report",
        help="errors and latency by code origin, from the traces that were received",
        description="Errors and latency by code origin, from the traces that were received.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--store", type=Path, metavar="FILE", help=f"default: {STORE}")
    source.add_argument(
        "--from",
        dest="address",
        metavar="ADDRESS",
        help="a receiver that runs (http://…), a ClickHouse (clickhouse://…), a Prometheus "
        "(prometheus://…), or a file or folder of OTLP or Parquet",
    )
    parser.add_argument(
        "--days",
        type=limit,
        metavar="N",
        help="only of spans that began within the last N days, such as 0.5; default: of all",
    )
    parser.add_argument(
        "--export", type=Path, metavar="FILE", help="write the spans to a Parquet file instead"
    )
    parser.add_argument(
        "--sql", metavar="QUESTION", help="ask the store a question of your own instead"
    )
    parser.add_argument(
        "--sampled",
        choices=[one.value for one in Sampled],
        metavar="HOW",
        help="how the spans were chosen, where they don't say it: no, evenly, or failures, which "
        "were kept while successes were not",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="for a program to read")
    form.add_argument("--markdown", action="store_true", help="for a pull request")
    form.add_argument(
        "--html",
        type=Path,
        metavar="FILE",
        help="write a page for a browser, which needs no other file",
    )
    parser.add_argument(
        "--fail-if-low",
        type=_ratio,
        metavar="RATIO",
        help="status 1 where the lower limit of the adjusted ratio is above RATIO",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the report; 1 where there is nothing to report."""
    if (args.export or args.sql) and (args.fail_if_low or args.sampled):
        msg = (
            "--fail-if-low and --sampled are about a report, which --export and --sql don't "
            "make: run them by themselves"
        )
        raise UsageError(msg)
    if args.export:
        return _export(args)
    if args.sql:
        return _ask(args)
    if args.address and args.address.startswith("prometheus://"):
        return _crude(args)
    found = _found(args)
    missing = why_empty(found, args.days)
    if args.json:
        print(json.dumps(found.to_json(), indent=2, ensure_ascii=False))
    elif args.html and not missing:
        _write(found, args.html)
    elif not missing:
        _show(found, markdown=args.markdown)
    if missing:
        print(f"aiprov: {missing}", file=sys.stderr)
        # With --json the document is the answer, also about spans without an origin.
        return 0 if args.json and found.coverage.spans else 1
    return _gate(found, args.fail_if_low) if args.fail_if_low else 0


def _export(args: argparse.Namespace) -> int:
    if args.address:
        raise UsageError("--export writes what a store holds: use it with --store, not with --from")
    if args.days:
        raise UsageError("--export writes all that a store holds: leave --days out")
    with Store.read(args.store or STORE) as store:
        spans = store.export(args.export)
    print(f"aiprov: {args.export} holds {spans:,} spans", file=sys.stderr)
    return 0


def _ask(args: argparse.Namespace) -> int:
    if args.address:
        raise UsageError("--sql asks a store: use it with --store, not with --from")
    with Store.read(args.store or STORE) as store, store.reader() as reader:
        for statement in PREPARE:
            reader.query(statement.format(since=_since(args)))
        columns, rows = reader.ask(args.sql)
    if args.json:
        found = [dict(zip(columns, row, strict=True)) for row in rows]
        print(json.dumps(found, indent=2, ensure_ascii=False, default=str))
    else:
        for line in table([columns, *([_cell(value) for value in row] for row in rows)]):
            say(visible(line))
    return 0


def _cell(value: object) -> str:
    return "" if value is None else " ".join(str(value).split())


def _gate(found: Report, most: float) -> int:
    """1 where the lower limit is above *most*; says on standard error what was decided, and why."""
    adjusted = found.verdict.adjusted_ratio
    if adjusted is None:
        said, status = f"passes: there is no ratio to hold against {most:g}", 0
    elif adjusted.low > most:
        said, status = f"fails: the lower limit {adjusted.low:.3g} is above {most:g}", 1
    else:
        said, status = f"passes: the lower limit {adjusted.low:.3g} is not above {most:g}", 0
    print(f"aiprov: {said}. {found.verdict.text}", file=sys.stderr)
    return status


def _ratio(text: str) -> float:
    try:
        ratio = float(text)
    except ValueError:
        ratio = 0.0
    if not 0 < ratio < inf:
        msg = f"{text!r} is no ratio: use a number above 0, such as 1.5"
        raise argparse.ArgumentTypeError(msg)
    return ratio


def _crude(args: argparse.Namespace) -> int:
    if args.markdown or args.html or args.fail_if_low or args.sampled:
        raise UsageError("counters give no verdict: of the options, only --json goes with them")
    if args.days:
        raise UsageError(f"say the time in the address instead: {redacted(args.address)}?period=7d")
    found = prometheus.asked(args.address)
    if args.json:
        first, *others = (one.to_json() for one in found)
        print(json.dumps(first | {"others": others}, indent=2, ensure_ascii=False))
    else:
        counters.show(found)
    return 0


def _found(args: argparse.Namespace) -> Report:
    sampled = Sampled(args.sampled) if args.sampled else None
    if not args.address:
        with Store.read(args.store or STORE) as store:
            return report(store, since=_since(args), sampled=sampled)
    if args.address.startswith(("http://", "https://")):
        if args.sampled or args.days:
            raise UsageError(
                "a receiver computes its report itself: leave --sampled and --days out"
            )
        return remote.fetch(args.address)
    with sources.opened(args.address) as source:
        return report(source, since=_since(args), sampled=sampled)


def _since(args: argparse.Namespace) -> int:
    """The time from which on spans count, in Unix nanoseconds."""
    return max(time.time_ns() - int(args.days * _DAY), 0) if args.days else 0


def _write(found: Report, path: Path) -> None:
    from aiprov_otel.report.render.page.page import page

    text = page(found, deployed_manifest(), made=datetime.now(UTC))
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        msg = f"can't write {path} ({error.strerror or error}): name another with --html"
        raise UsageError(msg) from error
    print(f"aiprov: {path} holds the report; open it in a browser", file=sys.stderr)


def _show(found: Report, *, markdown: bool) -> None:
    if markdown:
        from aiprov_otel.report.render.markdown import markdown as lines

        for line in lines(found):
            say(visible(line))
        return
    from aiprov_otel.report.render.terminal import console, show

    show(found, deployed_manifest(), console(sys.stdout))
