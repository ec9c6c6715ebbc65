"""
What a traced call costs with others, in instructions, each in an environment of its own.

    python benchmarks/peers.py

1.00 is a span of plain OpenTelemetry, not exported. It needs valgrind, and pip.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent / "scripts"))

from instructions import counted

from environment import environment

CALLS = 200
PLAIN = "OpenTelemetry, `start_as_current_span`"
_LOOP = """
import sys

for line in sys.stdin:
    for _ in range(int(line)):
        work()
    print(flush=True)
"""


class Peer(NamedTuple):
    """A package, and the code that defines `work`, one traced call."""

    package: str
    code: str
    others: tuple[str, ...] = ()


PEERS = {
    PLAIN: Peer(
        "opentelemetry-sdk",
        """
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

provider = TracerProvider()
provider.add_span_processor(SpanProcessor())
tracer = provider.get_tracer("bench")

def work():
    with tracer.start_as_current_span("work"):
        pass
""",
    ),
    "Logfire, `@logfire.instrument()`": Peer(
        "logfire",
        """
import logfire

logfire.configure(send_to_logfire=False, console=False, metrics=False)

@logfire.instrument()
def work():
    pass
""",
    ),
    "Sentry, `start_span` without a parent": Peer(
        "sentry-sdk",
        """
import sentry_sdk
from sentry_sdk.transport import Transport

class Nowhere(Transport):
    def capture_envelope(self, envelope):
        pass

sentry_sdk.init("http://key@localhost/1", traces_sample_rate=1.0, transport=Nowhere)

def work():
    with sentry_sdk.start_span(name="work"):
        pass
""",
    ),
    "Autometrics, `@autometrics`": Peer(
        "autometrics",
        """
import autometrics

autometrics.init(tracker="opentelemetry")

@autometrics.autometrics
def work():
    pass
""",
    ),
}


def main() -> None:
    """Measure and print."""
    for name, (installed, ratio) in ratios().items():
        print(f"{name:<42} {installed:<10} x {ratio:.2f}", flush=True)


def ratios() -> dict[str, tuple[str, float]]:
    """The version of each peer, and what its call costs."""
    costs = {name: _measured(peer) for name, peer in PEERS.items()}
    return {name: (release, cost / costs[PLAIN][1]) for name, (release, cost) in costs.items()}


def _measured(peer: Peer) -> tuple[str, int]:
    commands = environment(f"peer-{peer.package}", sys.executable, peer.package, *peer.others)
    python = str(commands / "python")
    ask = f"from importlib.metadata import version; print(version({peer.package!r}))"
    release = subprocess.check_output([python, "-c", ask], text=True).strip()
    command = [python, "-c", peer.code + _LOOP]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with counted(command, **pipes) as child:
        stdin, stdout = child.process.stdin, child.process.stdout
        assert stdin is not None
        assert stdout is not None

        def run() -> None:
            print(CALLS, file=stdin, flush=True)
            stdout.readline()

        run()  # to warm up
        cost = child.count(run)
        stdin.close()
    return release, cost


if __name__ == "__main__":
    main()
