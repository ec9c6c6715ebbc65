"""The report of a receiver that runs: it holds the store, so it is asked."""

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

_TIMEOUT = 60  # seconds: a large store takes its time


def fetch(address: str) -> Report:
    """
    The report of the receiver at *address*, `http://127.0.0.1:4318`.

    Raises:
        UsageError: *address* is no such address.
        StoreError: nothing answers there, or what does is no receiver of ours.
    """
    shown = redacted(address)
    if urlsplit(address).scheme not in {"http", "https"}:
        msg = f"{shown} is no address of a receiver; give one as http://127.0.0.1:4318"
        raise UsageError(msg)
    try:
        # No proxy: the receiver is on this machine, and takes loopback requests only.
        with build_opener(ProxyHandler({})).open(
            f"{address.rstrip('/')}/report.json", timeout=_TIMEOUT
        ) as response:
            document = json.load(response)
    except HTTPError as error:
        raise StoreError(_refused(shown, error)) from error
    except (OSError, HTTPException, ValueError) as error:
        msg = f"no receiver answers at {shown} ({_reason(error)}); start one with `aiprov serve`"
        raise StoreError(msg) from error
    return Report.from_json(document)


def _reason(error: Exception) -> str:
    """What went wrong, without the address, which may hold a password."""
    reason = getattr(error, "reason", error)
    return str(getattr(reason, "strerror", None) or type(reason).__name__)


def _refused(address: str, error: HTTPError) -> str:
    with error:
        if error.code == HTTPStatus.SERVICE_UNAVAILABLE:
            return f"the receiver at {address} can't read its store; look at its terminal"
        return f"what answers at {address} ({error.code}) is no receiver: start `aiprov serve`"
