"""The report of a running receiver: it holds the store open, so it computes the report."""

from __future__ import annotations

import json
from http import HTTPStatus
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

from aiprov_otel.errors import StoreError, UsageError
from aiprov_otel.report.report import Report
from aiprov_otel.telemetry.sources.http import redacted

_TIMEOUT = 60  # seconds; a large store takes long


def fetch(address: str) -> Report:
    """
    Fetches the report of the receiver at *address*, `http://127.0.0.1:4318`.

    Raises:
        UsageError: *address* is not a valid address.
        StoreError: nothing answers there, or something other than a receiver.
    """
    try:
        return Report.from_json(json.loads(_get(address, "report.json")))
    except ValueError as error:
        msg = _silent(redacted(address), error)
        raise StoreError(msg) from error


def fetch_page(address: str) -> str:
    """As `fetch`, for the page with all its views."""
    return _get(address, "report.html").decode("utf-8", "replace")


def _get(address: str, name: str) -> bytes:
    shown = redacted(address)
    if urlsplit(address).scheme not in {"http", "https"}:
        msg = f"{shown} is not the address of a receiver; use one like http://127.0.0.1:4318"
        raise UsageError(msg)
    try:
        # No proxy: the receiver is on this machine, and accepts loopback requests only.
        with build_opener(ProxyHandler({})).open(
            f"{address.rstrip('/')}/{name}", timeout=_TIMEOUT
        ) as response:
            return bytes(response.read())
    except HTTPError as error:
        raise StoreError(_refused(shown, error)) from error
    except (OSError, HTTPException, ValueError) as error:
        msg = _silent(shown, error)
        raise StoreError(msg) from error


def _silent(address: str, error: Exception) -> str:
    return f"no receiver answers at {address} ({_reason(error)}); start one with `aiprov serve`"


def _reason(error: Exception) -> str:
    """What went wrong, without the address, which may hold a password."""
    reason = getattr(error, "reason", error)
    return str(getattr(reason, "strerror", None) or type(reason).__name__)


def _refused(address: str, error: HTTPError) -> str:
    with error:
        if error.code == HTTPStatus.SERVICE_UNAVAILABLE:
            return f"the receiver at {address} can't read its store; see its terminal"
        return f"{address} answered {error.code}: not a receiver; start one with `aiprov serve`"
