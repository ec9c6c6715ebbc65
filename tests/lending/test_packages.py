"""What is lent, at which release."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from aiprov_otel.lending import packages
from aiprov_otel.lending.packages import Release

CHANGING = {"rich", "duckdb", "numpy", "starlette", "jinja2", "grpcio", "protobuf", "requests"}


def names(release: Release) -> set[str]:
    return {each.split("=")[0].split(">")[0] for each in packages.requirements(release)}


def test_nothing_is_lent_that_changes_a_service():
    """
    Neither what a service notices when it can be imported, nor what has no pure wheel.
    """
    assert not names(Release(45, 1)) & CHANGING


def test_the_core_is_of_one_release():
    """
    API, SDK and conventions are those of that release, the beta packages of its train.
    """
    wanted = packages.requirements(Release(45, 1))

    assert {
        "opentelemetry-api==1.45.1",
        "opentelemetry-sdk==1.45.1",
        "opentelemetry-semantic-conventions==0.66b1",
        "opentelemetry-instrumentation-flask>=0.66b0,<0.67b0",
    } <= set(wanted)


def test_an_old_release_gets_what_it_was_made_for():
    """
    Before 1.42 the API imports a backport; before 1.41 instrumentations decline wrapt 2.
    """
    old, new = packages.requirements(Release(38, 0)), packages.requirements(Release(42, 0))

    assert {"importlib-metadata>=6,<8.8", "wrapt>=1.16,<2"} <= set(old)
    assert not {"importlib-metadata>=6,<8.8", "wrapt>=1.16,<2"} & set(new)


@pytest.mark.parametrize(
    ("name", "version", "release"),
    [
        ("opentelemetry-api", "1.45.2", Release(45, 2)),
        ("opentelemetry-instrumentation-flask", "0.66b1", Release(45, 1)),
        ("opentelemetry-exporter-otlp-proto-http", "1.38.0", Release(38, 0)),
        ("opentelemetry-instrumentation-openai", "0.50.1", None),
    ],
)
def test_a_release_is_read_from_a_version(name, version, release):
    """
    Of stable and beta packages; those of other people have their own.
    """
    assert packages.releases({name: version}).get(name) == release


def test_the_extra_has_what_is_lent():
    """
    `aiprov-otel[auto]` installs for production what `aiprov run` lends.
    """
    root = Path(__file__).parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    extra = {each.split(">")[0] for each in project["optional-dependencies"]["auto"]}

    lent = {f"{packages.PREFIX}{name}" for name in packages.INSTRUMENTATIONS}
    assert extra == {"opentelemetry-distro", *lent}
