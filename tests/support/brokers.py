"""Real brokers on free ports: Redis and RabbitMQ of the system, Kafka from its jars."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.service import free_port, stop, wait_for_port

ROOT = Path(__file__).parents[2]
KAFKA = ROOT / ".venv" / "kafka"
_KAFKA = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
log.dirs={folder}/data
num.partitions=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
"""


@contextmanager
def redis(folder: Path) -> Iterator[int]:
    """The port of a Redis that keeps nothing."""
    server, port = _needed("redis-server", "apt-get install redis-server"), free_port()
    command = [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", "."]
    with _running(command, folder, port):
        yield port


@contextmanager
def rabbitmq(folder: Path) -> Iterator[int]:
    """The port of a RabbitMQ, with a port mapper of its own for the Erlang that it runs on."""
    _needed("rabbitmq-server", "apt-get install rabbitmq-server")
    # The command of the system changes the user; the one below it does not.
    server = max(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"))
    port, mapper = free_port(), free_port()
    environ = _of_rabbitmq(folder, port) | {"ERL_EPMD_PORT": str(mapper)}
    try:
        with _running([str(server)], folder, port, environ):
            yield port
    finally:
        stopping = ["epmd", "-port", str(mapper), "-kill"]
        subprocess.run(stopping, capture_output=True, env=os.environ | environ, check=False)


def _of_rabbitmq(folder: Path, port: int) -> dict[str, str]:
    here = "127.0.0.1"
    return {
        "HOME": str(folder),
        "ERL_EPMD_ADDRESS": here,
        "RABBITMQ_NODENAME": f"tests-{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": here,
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
        "RABBITMQ_CONFIG_FILE": str(folder / "none"),
    }


@contextmanager
def kafka(folder: Path) -> Iterator[int]:
    """The port of a Kafka of one node."""
    java = _needed("java", "install Java 17")
    if not list(KAFKA.glob("kafka_*.jar")):
        pytest.skip("no Kafka in .venv/kafka: run `sh scripts/brokers`")
    port = free_port()
    settings = folder / "server.properties"
    settings.write_text(_KAFKA.format(port=port, controller=free_port(), folder=folder))
    run = [java, "-Xmx256m", "-cp", f"{KAFKA}/*"]
    formatting = [*run, "kafka.tools.StorageTool", "format", "-t", "A" * 22, "-c", str(settings)]
    subprocess.run(formatting, cwd=folder, capture_output=True, check=True)
    with _running([*run, "kafka.Kafka", str(settings)], folder, port):
        yield port


def _needed(command: str, remedy: str) -> str:
    if (found := shutil.which(command, path=f"{os.environ['PATH']}:/usr/sbin")) is None:
        pytest.skip(f"there is no {command} on this machine: {remedy}")
    return found


@contextmanager
def _running(
    command: list[str], folder: Path, port: int, environ: Mapping[str, str] | None = None
) -> Iterator[None]:
    with (folder / "broker.log").open("wb") as log:
        env = {**os.environ, **(environ or {})}
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log)
        try:
            wait_for_port(port, process)
            yield
        finally:
            stop(process)
