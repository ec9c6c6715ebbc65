"""A real browser: Chromium without a window, driven over WebDriver."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

from support.command import Started
from support.waiting import PATIENCE

_FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_ELEMENT: Final = "element-6066-11e4-a52e-4f735466cecf"  # W3C WebDriver, section 12.1


def why_not() -> str | None:
    """Say why there can be none; None if there can."""
    missing = [name for name in ("chromium", "chromedriver") if not shutil.which(name)]
    return f"there is no {missing[0]}: run scripts/brokers" if missing else None


class Browser:
    """One window."""

    def __init__(self, connection: HTTPConnection, folder: Path) -> None:
        self._connection = connection
        self._session = ""
        options = {
            "binary": shutil.which("chromium"),
            "args": [*_FLAGS, f"--user-data-dir={folder}"],
        }
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        wanted["timeouts"] = {"script": PATIENCE * 1000}
        made = self._ask("POST", "", {"capabilities": {"alwaysMatch": wanted}})
        self._session = f"/{made['sessionId']}"

    def open(self, address: str) -> None:
        """Load *address*."""
        self._ask("POST", "/url", {"url": address})

    def run(self, script: str) -> Any:
        """What the body of a function, *script*, returns there."""
        return self._ask("POST", "/execute/sync", {"script": script, "args": []})

    def click(self, css: str) -> None:
        """Click what *css* selects."""
        self._ask("POST", f"/element/{self._find(css)}/click", {})

    def type(self, css: str, text: str) -> None:
        """Type *text* where *css* selects."""
        self._ask("POST", f"/element/{self._find(css)}/value", {"text": text})

    def size(self, width: int, height: int = 900) -> None:
        """Make the window so many pixels wide and high."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._devtools("Emulation.setDeviceMetricsOverride", metrics)

    def prefer(self, scheme: str) -> None:
        """Prefer light or dark pages."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self._devtools("Emulation.setEmulatedMedia", {"features": [feature]})

    def print(self) -> bytes:
        """The page as a PDF."""
        return base64.b64decode(self._ask("POST", "/print", {}))

    def photograph(self) -> bytes:
        """The window as a PNG."""
        return base64.b64decode(self._ask("GET", "/screenshot", None))

    def complaints(self) -> list[str]:
        """What the console was told since it was last asked."""
        return [one["message"] for one in self._ask("POST", "/se/log", {"type": "browser"})]

    def close(self) -> None:
        """End it."""
        self._ask("DELETE", "", None)

    def _find(self, css: str) -> str:
        found = self._ask("POST", "/element", {"using": "css selector", "value": css})
        return str(found[_ELEMENT])

    def _devtools(self, name: str, values: dict[str, Any]) -> None:
        self._ask("POST", "/goog/cdp/execute", {"cmd": name, "params": values})

    def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        text = None if body is None else json.dumps(body)
        self._connection.request(method, f"/session{self._session}{path}", text)
        answer = json.load(self._connection.getresponse())["value"]
        if isinstance(answer, dict) and "error" in answer:
            raise RuntimeError(answer["message"])
        return answer


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A browser that keeps its profile in *folder*."""
    command = ["chromedriver", "--port=0"]
    with Started(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = _port(process)
            connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            window = Browser(connection, folder)
            try:
                yield window
            finally:
                window.close()
                connection.close()
        finally:
            process.terminate()


def _port(process: subprocess.Popen[str]) -> int:
    assert process.stdout
    for line in process.stdout:
        if found := re.search(r"started successfully on port (\d+)", line):
            return int(found[1])
    raise RuntimeError("chromedriver does not start")
