"""Runs the shop and its carrier: two processes, on free ports of this machine, for a block."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from aiprov_otel.errors import AiprovError
from aiprov_otel.telemetry.launch import launcher

LOG: Final = "service.log"

_HOST: Final = "127.0.0.1"
_START: Final = 60.0  # seconds that the shop has to start
_STOP: Final = 60.0  # seconds that it has to send its last spans


@contextmanager
def run_shop(folder: Path, variables: Mapping[str, str], log: Path) -> Iterator[str]:
    """
    Runs the shop in *folder* and the carrier that it asks, instrumented; yields the shop's address.

    Their output is in *log*.

    Raises:
        AiprovError: one of them did not start, or did not end.
    """
    log.unlink(missing_ok=True)
    of_carrier = {**variables, "OTEL_SERVICE_NAME": "carrier"}
    with (
        _run("rates", folder, of_carrier, log) as carrier,
        _run("app", folder, {**variables, "SHOP_CARRIER": carrier}, log) as shop,
    ):
        yield shop


@contextmanager
def _run(module: str, folder: Path, variables: Mapping[str, str], log: Path) -> Iterator[str]:
    port = _free_port()
    process = None
    try:
        with _delay_interrupt(), log.open("ab") as output:
            process = subprocess.Popen(
                launcher(_command(module, port), interpreter=sys.executable),
                cwd=folder,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        _wait_for(process, port, log)
        yield f"http://{_HOST}:{port}"
    finally:
        if process is not None:
            _stop(process)


def _command(module: str, port: int) -> list[str]:
    serve = ["-m", "uvicorn", "--app-dir", "src", f"shop.{module}:app"]
    quiet = ["--no-access-log", "--log-level", "warning"]
    return [sys.executable, *serve, "--host", _HOST, "--port", str(port), *quiet]


def _free_port() -> int:
    with socket.create_server((_HOST, 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection((_HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    msg = f"the shop did not start; see {log}"
    raise AiprovError(msg)


def _stop(process: subprocess.Popen[bytes]) -> None:
    # SIGINT, not SIGTERM: it lets Python exit normally, which flushes the exporter.
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_STOP)
    except subprocess.TimeoutExpired as error:
        msg = f"the shop did not end within {_STOP:.0f} seconds; start the demo again"
        raise AiprovError(msg) from error
    finally:
        process.kill()
        process.wait()


@contextmanager
def _delay_interrupt() -> Iterator[None]:
    """Delays signals: between fork and the return of Popen, one would leave a process behind."""
    arrived: list[int] = []
    previous = {
        number: signal.signal(number, lambda number, _: arrived.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    if arrived:
        signal.raise_signal(arrived[0])
