"""`aiprov report`: errors and latency by code origin."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aiprov_otel.cli import counters
from aiprov_otel.cli.code import page_code
from aiprov_otel.cli.options import address, limit, store_path
from aiprov_otel.cli.output import note, say, say_json
from aiprov_otel.errors import UsageError
from aiprov_otel.files import write_whole
from aiprov_otel.format import quantity, table
from aiprov_otel.report import prometheus, remote, sql
from aiprov_otel.report.failed_lines import PROMETHEUS, opened, since
from aiprov_otel.report.page import read_copy
from aiprov_otel.report.report import Report, build_report, runs, why_empty
from aiprov_otel.report.sampling import Sampled
from aiprov_otel.report.session import Session
from aiprov_otel.telemetry.sources.http import redacted
from aiprov_otel.telemetry.store import Store
from aiprov_otel.telemetry.workdir import STORE, deployed_manifest

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from aiprov_otel.telemetry.source import Source

_EPILOG = """example:
  aiprov report --json | jq .verdict
  aiprov report --from traces.json
  aiprov report --html report.html
  aiprov report --from clickhouse://host:8123/otel --days 7
  aiprov report --markdown --fail-if-low 1.5
  aiprov report --sql "SELECT Origin, count(*) FROM units GROUP BY Origin"

Exit status: 0 done, 1 nothing to report yet, or the ratio exceeds --fail-if-low, 2 something to
fix; one line explains what."""

_NAMED: Final = 5  # runs, in an error


def add(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = verbs.add_parser(
        "report",
        description="Report errors and latency by code origin, from received traces.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--store", type=store_path, metavar="FILE", help=f"default: {STORE}")
    source.add_argument(
        "--from",
        dest="address",
        type=address,
        metavar="ADDRESS",
        help="a running receiver (http://…), ClickHouse (clickhouse://…), Prometheus "
        "(prometheus://…), or a file or folder of OTLP or Parquet",
    )
    parser.add_argument(
        "--days",
        type=limit,
        metavar="N",
        help="only spans that began in the last N days, such as 0.5; default: all",
    )
    parser.add_argument(
        "--run",
        dest="of_run",  # `run` is what the verb does
        metavar="ID",
        help="only spans of that `aiprov run`, or `all`; default: the latest, of a store",
    )
    parser.add_argument(
        "--export", type=Path, metavar="FILE", help="write the spans to a Parquet file instead"
    )
    parser.add_argument("--sql", metavar="QUERY", help="run your own query on the store instead")
    parser.add_argument(
        "--sampled",
        choices=[sampled.value for sampled in Sampled],
        metavar="HOW",
        help="how spans were sampled, if they don't record it: no, evenly, or failures (failures "
        "were kept, successes dropped)",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print the report as JSON")
    form.add_argument("--markdown", action="store_true", help="print Markdown, for a pull request")
    form.add_argument(
        "--html",
        type=Path,
        metavar="FILE",
        help="write the page with all its views as one file that needs no other",
    )
    parser.add_argument(
        "--coverage",
        type=Path,
        metavar="FILE",
        help="with --html: show which lines tests executed, from .coverage, `coverage json`, "
        "Cobertura or LCOV",
    )
    parser.add_argument(
        "--fail-if-low",
        type=_ratio,
        metavar="RATIO",
        help="exit with 1 if the lower limit of the adjusted ratio is above RATIO",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the report; 1 if there is nothing to report, or the ratio is too high."""
    if (args.export or args.sql) and (args.fail_if_low or args.sampled):
        msg = (
            "--export and --sql make no report: leave --fail-if-low and --sampled out, or run them "
            "separately"
        )
        raise UsageError(msg)
    if args.coverage and not args.html:
        raise UsageError("--coverage needs --html FILE: only the page shows it")
    if args.export:
        return _export(args)
    if args.sql:
        return _query(args)
    if args.address and args.address.startswith(PROMETHEUS):
        return _counters(args)
    if args.html:
        return _write(args)
    result = _report(args)
    missing = why_empty(result, args.days)
    if args.json:
        say_json(result.to_json(), indent=2)
    elif not missing:
        _show(result, markdown=args.markdown)
    if missing:
        note(missing)
        # With --json the document is the answer, also about spans without an origin.
        return 0 if args.json and result.coverage.spans else 1
    return _gate(result, args.fail_if_low) if args.fail_if_low else 0


def _export(args: argparse.Namespace) -> int:
    if args.address:
        raise UsageError("--export needs a store: use --store instead of --from")
    if args.days:
        raise UsageError("--export writes the whole store: leave --days out")
    with Store.read(args.store or STORE) as store:
        spans = store.export(args.export)
    note(f"wrote {quantity(spans, 'span')} to {args.export}")
    return 0


def _query(args: argparse.Namespace) -> int:
    if args.address:
        raise UsageError("--sql needs a store: use --store instead of --from")
    with Store.read(args.store or STORE) as store, store.reader() as reader:
        Session(reader, since=_since(args)).create(sql.TABLES)
        columns, rows = reader.ask(args.sql)
    if args.json:
        say_json([dict(zip(columns, row, strict=True)) for row in rows], indent=2)
    else:
        for line in table([columns, *([_cell(value) for value in row] for row in rows)]):
            say(line)
    return 0


def _cell(value: object) -> str:
    return "" if value is None else " ".join(str(value).split())


def _gate(result: Report, most: float) -> int:
    """1 if the lower limit is above *most*; prints the decision and its reason."""
    adjusted = result.verdict.adjusted_ratio
    if adjusted is None:
        decision, status = f"passed: no ratio to compare with {most:g}", 0
    elif adjusted.low > most:
        decision, status = f"failed: the lower limit {adjusted.low:.3g} is above {most:g}", 1
    else:
        decision, status = f"passed: the lower limit {adjusted.low:.3g} is not above {most:g}", 0
    note(f"{decision}. {result.verdict.text}")
    return status


def _ratio(text: str) -> float:
    try:
        ratio = float(text)
    except ValueError:
        ratio = 0.0
    if not 0 < ratio < inf:
        msg = f"{text!r} is not a valid ratio: use a number above 0, such as 1.5"
        raise argparse.ArgumentTypeError(msg)
    return ratio


def _counters(args: argparse.Namespace) -> int:
    if args.markdown or args.html or args.fail_if_low or args.sampled:
        raise UsageError(f"counters give no verdict: only --json can be used with {PROMETHEUS}")
    if args.days:
        raise UsageError(
            f"give the period in the address instead: {redacted(args.address)}?period=7d"
        )
    results = prometheus.read_counters(args.address)
    if args.json:
        first, *others = (result.to_json() for result in results)
        say_json(first | {"others": others}, indent=2)
    else:
        counters.show(results)
    return 0


def _report(args: argparse.Namespace) -> Report:
    if args.address and args.address.startswith(("http://", "https://")):
        _refuse_choices(args)
        return remote.fetch(args.address)
    with _source(args) as source:
        run = _chosen_run(args, source)
        return build_report(source, since=_since(args), run=run, sampled=_sampled(args))


def _refuse_choices(args: argparse.Namespace) -> None:
    if args.sampled or args.days or args.of_run:
        raise UsageError("a receiver makes its own report: leave --sampled, --days and --run out")


def _source(args: argparse.Namespace) -> AbstractContextManager[Source]:
    return opened(args.address, args.store or STORE)


def _sampled(args: argparse.Namespace) -> Sampled | None:
    return Sampled(args.sampled) if args.sampled else None


def _chosen_run(args: argparse.Namespace, source: Source) -> str | None:
    """The run that is named; else the latest of a store, and all of another source."""
    return _run(args.of_run, runs(source)) if args.of_run or not args.address else None


def _run(wanted: str | None, present: Sequence[str]) -> str | None:
    """The run that the report is about: the latest one, unless another or `all` is *wanted*."""
    if wanted == "all" or not present:
        return None
    if wanted in {None, "latest"}:
        if others := len(present) - 1:
            note(f"about the latest run; --run all covers {quantity(others, 'earlier one')} too")
        return present[0]
    if wanted not in present:
        names = ", ".join(filter(None, present[:_NAMED])) or "none"
        raise UsageError(f"there is no run {wanted}; the latest are: {names}")
    return wanted


def _since(args: argparse.Namespace) -> int:
    """The time from which on spans count, in Unix nanoseconds."""
    return since(args.days) if args.days else 0


def _write(args: argparse.Namespace) -> int:
    """Write the page to a file; 1 if there is nothing to show, or the ratio is too high."""
    if args.address and args.address.startswith(("http://", "https://")):
        if args.coverage or args.fail_if_low:
            raise UsageError(
                "a receiver makes its own page: leave --coverage and --fail-if-low out"
            )
        _refuse_choices(args)
        text = remote.fetch_page(args.address)
        return _save(text, args.html)
    from aiprov_otel.report.render.page.html import render_page

    code = page_code(args.coverage, strict=True)()
    with _source(args) as source:
        page = read_copy(source, args.days, _chosen_run(args, source), code, _sampled(args))
    if page.facts.empty:
        note(page.facts.empty)
        return 1
    _save(render_page(page, code, made=datetime.now(UTC)), args.html)
    report = next(view.value for view in page.views if view.name == "comparison")
    return _gate(report, args.fail_if_low) if args.fail_if_low else 0


def _save(text: str, path: Path) -> int:
    try:
        write_whole(path, text.encode(), 0o644)
    except OSError as error:
        msg = f"can't write {path} ({error.strerror or error}); name another file with --html"
        raise UsageError(msg) from error
    note(f"wrote the report to {path}; open it in a browser")
    return 0


def _show(result: Report, *, markdown: bool) -> None:
    if markdown:
        from aiprov_otel.report.render.markdown import render_markdown

        for line in render_markdown(result):
            say(line)
        return
    from aiprov_otel.report.render.terminal import open_console, show_report

    show_report(result, deployed_manifest(), open_console(sys.stdout))
