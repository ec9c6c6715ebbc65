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
from opentelemetry import environment_variables, sdk

from aiprov_otel.backends import texts
from aiprov_otel.receiver.server import Receiver
from support import tempo
from support.command import Started
from support.servers import built
from support.service import Received, executable, free_port, stop, wait_for_port

ROOT = Path(__file__).parents[2]
DATA = ROOT / "src" / "aiprov_otel" / "backends" / "data"
HERE = ROOT / "examples" / "compose"
SERVICES = {
    name: yaml.safe_load((HERE / name).read_text())["services"]
    for name in ("compose.yaml", "servers.yaml")
}
DOCKERFILE = (HERE / "Dockerfile").read_text().replace("\\\n", "")
COLLECTORS = {"compose.yaml": "lgtm", "servers.yaml": "collector"}
IMAGE = {
    "/otel-lgtm/otelcol-config.yaml",
    "/otel-lgtm/prometheus.yaml",
    "/otel-lgtm/grafana/conf/provisioning/dashboards/aiprov.yaml",
    "/otel-lgtm/grafana/conf/provisioning/alerting/aiprov.yaml",
    "/otel-lgtm/grafana/conf/provisioning/datasources/grafana-datasources.yaml",
}
"""Where grafana/otel-lgtm 0.31 looks for files, by its own Dockerfile and scripts."""

OTHERS = {"OTELCOL_EXTRA_ARGS", "GF_AUTH_ANONYMOUS_ENABLED", "GF_AUTH_ANONYMOUS_ORG_ROLE"}
"""Variables of the images, by the same."""

SHOP = {
    **{key: value for key, value in os.environ.items() if not key.startswith(("AIPROV_", "OTEL_"))},
    **SERVICES["compose.yaml"]["shop"]["environment"],
    "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    "no_proxy": "127.0.0.1",
}
each_file = pytest.mark.parametrize("file", SERVICES)


def mounted(file):
    """What is mounted where, by the services of *file*."""
    return [
        volume.split(":")
        for service in SERVICES[file].values()
        for volume in service.get("volumes", ())
        if volume.startswith(".")
    ]


def inside(path, folder, file="servers.yaml"):
    """The file *path* of a container, with the paths of *folder* and of this repository in it."""
    for source, target, *_ in mounted(file):
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


@each_file
def test_compose_accepts_the_file(file):
    """
    Docker's own program reads it, and finds nothing wrong.
    """
    if not shutil.which("docker-compose"):
        pytest.skip("there is no docker-compose: run scripts/brokers")
    accepted("docker-compose", "-f", str(HERE / file), "config", "--quiet")


@each_file
def test_what_is_mounted_is_there(file):
    """
    A container finds each file and folder that it is promised, and reads them from where it looks.
    """
    mounts = mounted(file)
    targets = {target for _, target, *_ in mounts if target.startswith("/otel-lgtm/")}

    assert len(mounts) > 5
    assert [source for source, *_ in mounts if not (HERE / source).exists()] == []
    assert targets == (IMAGE if file == "compose.yaml" else set())


@pytest.mark.parametrize(("file", "number"), [("compose.yaml", 1), ("servers.yaml", 6)])
def test_images_are_pinned(file, number):
    """
    What is tried today is what comes tomorrow.
    """
    images = [service["image"] for service in SERVICES[file].values() if "image" in service]

    assert len(images) == number
    for image in images:
        assert re.fullmatch(r"[\w/-]+:v?\d+\.\d+\.\d+", image), image


@each_file
def test_nobody_is_let_in_from_elsewhere(file):
    """
    No server has a login, so each port is that of this machine only.
    """
    ports = [port for service in SERVICES[file].values() for port in service.get("ports", ())]

    assert "127.0.0.1:3000:3000" in ports
    for port in ports:
        assert re.fullmatch(r"127\.0\.0\.1:(\d+):\1", port)


@each_file
def test_every_variable_is_one_that_somebody_reads(file):
    """
    OpenTelemetry, aiprov_otel, the Collector's file or the image knows each by its name.
    """
    named = {name for one in SERVICES[file].values() for name in one.get("environment", ())}
    ours = {name for name in named if name.startswith("AIPROV_")}
    theirs = set(re.findall(r"env:(\w+)", texts()["collector/otelcol.yaml"]))
    modules = (environment_variables, sdk.environment_variables)
    known = {str(one) for module in modules for one in vars(module).values()}

    assert ours <= {"AIPROV_PACKAGES"}
    assert {one for one in named - ours if not one.startswith("OTEL_")} <= theirs | OTHERS
    assert {one for one in named if one.startswith("OTEL_")} <= known


@each_file
def test_servers_are_called_by_their_names(file):
    """
    Every address in the files is that of a service, or of a host that the container knows.
    """
    names = [source for source, *_ in mounted(file) if source.endswith((".yaml", ".yml"))]
    read = [(HERE / name).read_text() for name in [file, *names]]
    hosts = [host for one in SERVICES[file].values() for host in one.get("extra_hosts", ())]
    known = {*SERVICES[file], *(host.partition(":")[0] for host in hosts)}
    sources = texts()["grafana/provisioning/datasources/aiprov.yaml"]

    named = set(re.findall(r"http://([a-z]+):\d", "".join([*read, sources])))

    assert named - {"localhost"} <= known
    assert {"prometheus", "tempo", "loki", "shop"} <= named


@each_file
def test_the_collector_accepts_its_files(file, tmp_path):
    """
    The one that is shipped and the one with the differences go together.
    """
    if not (collector := built("otelcol")):
        pytest.skip("no otelcol was built: run `make test-backends`")
    service = SERVICES[file][COLLECTORS[file]]
    words = service.get("command") or ["--config=/otel-lgtm/otelcol-config.yaml"]
    words = [*words, *service["environment"].get("OTELCOL_EXTRA_ARGS", "").split()]
    paths = [word.removeprefix("--config=").removeprefix("file:") for word in words]
    configs = [f"--config={inside(path, tmp_path, file)}" for path in paths]

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
    assert "/etc/grafana/provisioning" in {target for _, target, *_ in mounted("servers.yaml")}


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
