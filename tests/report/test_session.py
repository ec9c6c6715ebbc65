"""A session's shortcuts give the same report as the long way."""

from __future__ import annotations

from aiprov_otel.report import session
from aiprov_otel.report.report import build_report
from aiprov_otel.telemetry.store import Store
from support.telemetry import AI, Service


def test_a_store_of_one_run_is_read_without_looking_for_it(tmp_path, monkeypatch):
    """The report is the same as one that selects the spans by their run."""
    service = Service(run="0a")
    service.span("total", by=AI, failed=True, raised=(KeyError("k"), AI))
    with Store.open(tmp_path / "one.duckdb") as store:
        service.send(store)
        with session.opened(store, run="0a") as one:
            assert one._filter is None
        short = build_report(store, run="0a").to_json()
        monkeypatch.setattr(Store, "has_snapshots", False)  # so that each statement selects
        with session.opened(store, run="0a") as one:
            assert one._filter == "0a"
        assert build_report(store, run="0a").to_json() == short
