"""examples/compose, as far as it goes without an engine for containers."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from aiprov_otel.backends import texts
from aiprov_otel.receiver.server import Receiver
from support import tempo
from support.command import Started
from support.servers import built
from support.service import Received, executable, free_port, stop, wait_for_port

ROOT = Path(__file__).parents[2]
DATA = ROOT / "src" / "aiprov_otel" / "backends" / "data"
HERE = ROOT / "examples" / "compose"
SERVICES = yaml.safe_load((HERE / "compose.yaml").read_text())["services"]
DOCKERFILE = (HERE / "Dockerfile").read_text().replace("\\\n", "")
MOUNTED = [
    volume.split(":")
    for service in SERVICES.values()
    for volume in service.get("volumes", ())
    if volume.startswith(".")
]
SHOP = {
    **{key: value for key, value in os.environ.items() if not key.startswith(("AIPROV_", "OTEL_"))},
    **SERVICES["shop"]["environment"],
    "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    "no_proxy": "127.0.0.1",
}


def inside(path, folder):
    """The file *path* of a container, with the paths of *folder* and of this repository in it."""
    for source, target, *_ in MOUNTED:
        if target == path:
            text = (HERE / source).read_text()
            copy = folder / Path(path).name
            copy.write_text(text.replace("/observability/", f"{DATA}/"))
            return copy
    return DATA / path.removeprefix("/observability/")


def accepted(*command, **variables):
    """Run what a program checks a configuration with."""
    told = subprocess.run(command, env=variables or None, capture_output=True, text=True)
    assert told.returncode == 0, told.stdout + told.stderr


def test_compose_accepts_the_file():
    """
    Docker's own program reads it, and finds nothing wrong.
    """
    if not shutil.which("docker-compose"):
        pytest.skip("there is no docker-compose: run scripts/brokers")
    accepted("docker-compose", "-f", str(HERE / "compose.yaml"), "config", "--quiet")


def test_what_is_mounted_is_there():
    """
    A container finds each file and folder that it is promised.
    """
    assert len(MOUNTED) > 5
    assert [source for source, *_ in MOUNTED if not (HERE / source).exists()] == []


def test_images_are_pinned():
    """
    What is tried today is what comes tomorrow.
    """
    images = [service["image"] for service in SERVICES.values() if "image" in service]

    assert len(images) == 6
    for image in images:
        assert re.fullmatch(r"[\w/-]+:v?\d+\.\d+\.\d+", image), image


def test_servers_are_called_by_their_names():
    """
    Every address in the files is that of a service.
    """
    files = [path.read_text() for path in HERE.iterdir() if path.suffix in {".yaml", ".yml"}]
    sources = texts()["grafana/provisioning/datasources/aiprov.yaml"]

    named = set(re.findall(r"http://([a-z]+):\d", "".join([*files, sources])))

    assert named - {"localhost", "clickhouse"} <= SERVICES.keys()
    assert {"collector", "prometheus", "tempo", "loki", "jaeger", "shop"} <= named


def test_the_collector_accepts_its_files(tmp_path):
    """
    The one that is shipped and the one with the differences go together.
    """
    if not (collector := built("otelcol")):
        pytest.skip("no otelcol was built: run `make test-backends`")
    service = SERVICES["collector"]
    paths = [word.removeprefix("--config=") for word in service["command"]]
    configs = [f"--config={inside(path, tmp_path)}" for path in paths]

    accepted(collector, "validate", *configs, **service["environment"])


def test_prometheus_accepts_its_file(tmp_path):
    """
    The file and the rules that it names.
    """
    if not shutil.which("promtool"):
        pytest.skip("there is no promtool: run scripts/brokers")
    accepted("promtool", "check", "config", str(inside("/prometheus.yml", tmp_path)))


def test_each_alert_comes_once():
    """
    Grafana is provisioned with the alerts; Prometheus loads what they read, and none of them.
    """
    shipped = {name for name in texts() if name.startswith("prometheus/")}
    config = yaml.safe_load((HERE / "prometheus.yml").read_text())

    loaded = {path.removeprefix("/observability/") for path in config["rule_files"]}

    assert shipped - loaded == {"prometheus/aiprov-alerts.rules.yml"}
    assert "/etc/grafana/provisioning" in {target for _, target, *_ in MOUNTED}


def test_tempo_accepts_its_file(tmp_path):
    """
    It counts spans as the shipped metrics-generator does.
    """
    path = inside("/tempo.yaml", tmp_path)
    config = yaml.safe_load(path.read_text())
    shipped = yaml.safe_load(texts()["tempo/metrics-generator.yaml"])

    assert config["metrics_generator"]["processor"] == shipped["metrics_generator"]["processor"]
    assert config["overrides"] == shipped["overrides"]
    if tempo.why_not():
        pytest.skip("there is no tempo 3 on the PATH; only its text was compared")
    accepted("tempo", f"-config.file={path}", "-config.verify=true")


@contextmanager
def shop(folder, endpoint):
    """The shop, as the commands of the image make and start it; its address."""
    (made,) = re.findall(r"^RUN (.*git init.*)$", DOCKERFILE, re.MULTILINE)
    (start,) = re.findall(r"^CMD (.*)$", DOCKERFILE, re.MULTILINE)
    making = ["sh", "-ec", made.replace("/aiprov/", f"{ROOT}/")]
    subprocess.run(making, cwd=folder, env=SHOP, check=True)
    command, *words = json.loads(start.replace("8000", str(port := free_port())))
    variables = {**SHOP, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_BSP_SCHEDULE_DELAY": "200"}
    with (folder.parent / "shop.log").open("wb") as log:
        process = subprocess.Popen(
            [executable(command), *words], cwd=folder, env=variables, stdout=log, stderr=log
        )
        try:
            wait_for_port(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            stop(process)


@pytest.mark.matrix
def test_the_image_makes_a_shop_that_customers_visit(tmp_path):
    """
    Its commands build the manifest and start the service, customers are answered, and spans arrive
    that say who wrote the code.
    """
    (tmp_path / "shop").mkdir()
    received = Received()
    visit = [sys.executable, str(HERE / "customers.py")]
    with Receiver(received, port=0) as receiver, shop(tmp_path / "shop", receiver.endpoint) as at:
        with Started([*visit, at], env=SHOP, stdout=subprocess.PIPE, text=True) as going:
            answers = going.stdout.readline()
            going.kill()
        received.named("POST /quote")

    assert "200: " in answers
    assert {row.service_name for row in received.rows} == {"shop"}
    origins = {row.span_attributes.get("aiprov.origin") for row in received.rows}
    assert {"ai", "human"} <= origins
