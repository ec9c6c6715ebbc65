"""
A service and `aiprov serve` under load for minutes, and whether they stay as they began.

    python scripts/soak.py [MINUTES]

One service keeps its one process. Another has two workers, of which one is killed every 20 seconds
and all are reloaded every two minutes. Both fail now and then, and export to one receiver, whose
page is open. In the end, memory, descriptors, threads and latency of the last tenth of the time are
compared with those of the first tenth; the exit status is 1 if one of them grew.

The machine may have other work, more at the end than in the beginning. So the same service runs
without any of it too, and latency has grown only if it grew more than there.
"""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Final

from aiprov_otel.telemetry.launch import environment, launcher

APP: Final = '''"""A service that works, waits and fails."""

import asyncio

from fastapi import FastAPI, HTTPException

app = FastAPI()


class Odd(Exception):
    """Of a new class at each failure, as some libraries make them."""


def price(number: int) -> int:
    if number % 10 == 3:
        raise type("Made", (Odd,), {})(f"no price for {number}")
    return number * 2


def prices(number: int):
    for one in range(5):
        yield price(one + number)


@app.get("/price/{number}")
def read_price(number: int):
    try:
        return {"price": price(number)}
    except KeyError:
        raise HTTPException(404) from None


@app.get("/prices/{number}")
async def read_prices(number: int):
    await asyncio.sleep(0.001)
    try:
        return {"prices": list(prices(number))}
    except Odd:
        return {"prices": []}
'''
PATHS: Final = ("/price/{}", "/prices/{}", "/price/{}", "/nowhere/{}")
PACE: Final = 0.04  # seconds between two requests of a client
KILL, RELOAD, LOOK, PATIENCE = 20.0, 120.0, 1.0, 180.0  # seconds
GROWTH: Final = {
    "memory, MiB": (1.10, 15),
    "descriptors": (1.0, 6),
    "threads": (1.0, 3),
    "children": (1.0, 0),
}
"""By how much a median may exceed that of the first tenth: a factor, and a number besides."""

SLOWER: Final = (1.5, 25)
"""The same for the 95th percentile of latency, in milliseconds; besides what the machine does."""
LATENCY: Final = "latency, ms"


@dataclass
class Course:
    """What was seen of one process or client, each with its time."""

    name: str
    seen: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def add(self, values: Mapping[str, float]) -> None:
        """Keeps *values* of this moment."""
        for what, value in values.items():
            self.seen.setdefault(what, []).append((time.monotonic(), value))


def main(minutes: float) -> int:
    """Runs all of it, prints the table and the verdict, and returns the exit status."""
    with TemporaryDirectory() as temporary, ExitStack() as stack:
        folder = Path(temporary)
        _commit(folder)
        receiver, endpoint = stack.enter_context(_receiver(folder))
        steady, steady_port = stack.enter_context(_service(folder, endpoint, 1))
        replaced, replaced_port = stack.enter_context(_service(folder, endpoint, 2))
        _, bare_port = stack.enter_context(_service(folder, None, 1))
        courses = {name: Course(name) for name in ("receiver", "one process", "master of workers")}
        names = ("one process, answers", "replaced, answers", "without us, answers")
        answers = [Course(name) for name in names]
        over, lost, done = threading.Event(), [0, 0, 0], Counter[str]()
        threads = [
            threading.Thread(target=_load, args=(port, course, over, lost, number))
            for number, (port, course) in enumerate(
                zip((steady_port, replaced_port, bare_port), answers, strict=True)
            )
        ]
        pages = Course("page of the report")
        address = endpoint.removeprefix("http://")
        threads += [
            threading.Thread(target=_watch, args=(address, pages, over)),
            threading.Thread(target=_disturb, args=(replaced, over, done)),
        ]
        for thread in threads:
            thread.start()
        began = time.monotonic()
        while time.monotonic() < began + minutes * 60 and not over.is_set():
            for name, process in (
                ("receiver", receiver),
                ("one process", steady),
                ("master of workers", replaced),
            ):
                if process.poll() is not None:
                    sys.exit(f"{name} ended with {process.returncode}")
                courses[name].add(_of(process.pid))
            time.sleep(LOOK)
        over.set()
        for thread in threads:
            thread.join()
        counts = [f"{what}: {count}" for what, count in done.items()]
        print(", ".join([f"{minutes:g} minutes", *counts, f"requests without an answer: {lost}"]))
        period = _Period(began, minutes * 60)
        return _verdict([*courses.values(), *answers, pages], answers[-1], period)


@dataclass(frozen=True)
class _Period:
    began: float
    seconds: float

    def ends(self, what: str, values: list[tuple[float, float]]) -> tuple[float, float] | None:
        """*what* was near the begin and at the end; None if it was seen too rarely."""
        # The first twentieth warms caches up.
        until, last = self.began + self.seconds * 0.15, self.began + self.seconds * 0.9
        first_values = [v for at, v in values if self.began + self.seconds * 0.05 <= at < until]
        last_values = [v for at, v in values if at >= last]
        if min(len(first_values), len(last_values)) < 2:
            return None
        of = (lambda some: quantiles(some, n=20)[-1]) if what == LATENCY else median
        return of(first_values), of(last_values)


def _verdict(courses: list[Course], bare: Course, period: _Period) -> int:
    grown = False
    ends = period.ends(LATENCY, bare.seen.get(LATENCY, []))
    slower_machine = max(1.0, ends[1] / ends[0]) if ends else 1.0
    for course in courses:
        for what, values in course.seen.items():
            if (ends := period.ends(what, values)) is None:
                continue
            before, after = ends
            factor, more = GROWTH.get(what, SLOWER)
            expected = before * slower_machine if what == LATENCY else before
            too_much = after > expected * factor + more
            grown = grown or too_much
            print(
                f"{course.name:24} {what:14} {before:8.1f} {after:8.1f}"
                f"{'  grew' if too_much else ''}"
            )
    print(f"the machine became {slower_machine:.1f} times as slow")
    print("failed: something grew" if grown else "passed: flat")
    return int(grown)


def _of(pid: int) -> dict[str, float]:
    status = Path(f"/proc/{pid}/status").read_text()
    found = {name: float(value) for name, value in re.findall(r"(\w+):\s+(\d+)", status)}
    return {
        "memory, MiB": found["VmRSS"] / 1024,
        "descriptors": len(list(Path(f"/proc/{pid}/fd").iterdir())),
        "threads": found["Threads"],
        "children": len(_children(pid)),
    }


def _load(port: int, course: Course, over: threading.Event, lost: list[int], number: int) -> None:
    count = 0
    while not over.is_set():
        count += 1
        took = _ask(f"127.0.0.1:{port}", PATHS[count % len(PATHS)].format(count))
        if took is None:
            lost[number] += 1
        else:
            course.add({LATENCY: took})
        over.wait(PACE)


def _watch(address: str, course: Course, over: threading.Event) -> None:
    while not over.wait(10):
        if (took := _ask(address, "/")) is not None:
            course.add({LATENCY: took})


def _ask(address: str, path: str) -> float | None:
    """Milliseconds until the answer; None if there was none."""
    began = time.monotonic()
    connection = http.client.HTTPConnection(address, timeout=60)
    try:
        connection.request("GET", path)
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return (time.monotonic() - began) * 1e3


def _disturb(master: subprocess.Popen[bytes], over: threading.Event, done: Counter[str]) -> None:
    """Kills workers of *master*, and has it replace all of them; counts both in *done*."""
    reloaded = time.monotonic()
    while not over.wait(KILL):
        if time.monotonic() - reloaded > RELOAD:
            reloaded = time.monotonic()
            master.send_signal(signal.SIGHUP)
            done["reloads"] += 1
        elif workers := _workers(master.pid):
            with suppress(ProcessLookupError):
                os.kill(workers[-1], signal.SIGKILL)
                done["workers killed"] += 1


def _workers(pid: int) -> list[int]:
    return [child for child in _children(pid) if b"spawn_main" in _command(child)]


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")  # a child belongs to a thread
    return [int(child) for task in tasks for child in task.read_text().split()]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _commit(folder: Path) -> None:
    (folder / "app.py").write_text(APP)
    git = ["git", "-c", "user.name=Soak", "-c", "user.email=soak@example.org"]
    message = "Add the service\n\nCo-Authored-By: Claude <noreply@anthropic.com>"
    for words in (["init", "-q"], ["add", "app.py"], ["commit", "-qm", message]):
        subprocess.run([*git, *words], cwd=folder, check=True)
    subprocess.run([sys.executable, "-m", "aiprov_otel", "build"], cwd=folder, check=True)


@contextmanager
def _receiver(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    # What is older than a minute and a half is deleted, so that the store stays as large.
    words = ("serve", "--port", "0", "--store", "spans.duckdb", "--keep-days", "0.001")
    command = [sys.executable, "-m", "aiprov_otel", *words]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE) as process:
        assert process.stderr
        address = re.search(rb"http://[\d.:]+", process.stderr.readline())
        if not address:
            sys.exit("the receiver did not start")
        threading.Thread(target=process.stderr.read, daemon=True).start()
        try:
            yield process, address[0].decode()
        finally:
            process.terminate()
            process.wait(PATIENCE)


@contextmanager
def _service(
    folder: Path, endpoint: str | None, workers: int
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A service that exports to *endpoint*; None is for one that has nothing of ours."""
    port = _free_port()
    words = ("-m", "uvicorn", "app:app", "--port", str(port), "--log-level", "critical")
    # On a busy machine, a worker that imports for longer than the limit is replaced for ever.
    several = ("--workers", str(workers), "--timeout-worker-healthcheck", "60")
    command = [sys.executable, *words, *(several if workers > 1 else ())]
    variables = dict(os.environ)
    if endpoint is not None:
        command = launcher(command, interpreter=sys.executable)
        variables = environment(
            {**variables, "AIPROV_PACKAGES": "app=metrics"},
            endpoint=endpoint,
            manifest=folder / "aiprov.manifest",
            folder=folder,
        )
    with subprocess.Popen(
        command,
        cwd=folder,
        env=variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            limit = time.monotonic() + PATIENCE
            while _ask(f"127.0.0.1:{port}", "/price/1") is None:
                if process.poll() is not None or time.monotonic() > limit:
                    sys.exit(f"the service did not start: {process.returncode}")
                time.sleep(0.2)
            yield process, port
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 30))
