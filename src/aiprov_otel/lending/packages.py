"""The packages that are lent, and the release of OpenTelemetry that each has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Final, NamedTuple


class Instrumentation(NamedTuple):
    """
    What an instrumentation instruments.

    Attributes:
        module: whose import makes it act; None for what belongs to Python.
        libraries: the distributions that have that module.
    """

    module: str | None = None
    libraries: tuple[str, ...] = ()


def _of(library: str, module: str = "") -> Instrumentation:
    return Instrumentation(module or library.replace("-", "_"), (library,))


INSTRUMENTATIONS: Final[Mapping[str, Instrumentation]] = {
    "aio-pika": _of("aio-pika"),
    "aiohttp-client": _of("aiohttp"),
    "aiohttp-server": _of("aiohttp"),
    "aiokafka": _of("aiokafka"),
    "asgi": Instrumentation(),
    "asyncpg": _of("asyncpg"),
    "botocore": _of("botocore"),
    "celery": _of("celery"),
    "confluent-kafka": _of("confluent-kafka"),
    "dbapi": Instrumentation(),
    "django": _of("django"),
    "falcon": _of("falcon"),
    "fastapi": _of("fastapi"),
    "flask": _of("flask"),
    "grpc": _of("grpcio", "grpc"),
    "httpx": _of("httpx"),
    "kafka-python": _of("kafka-python", "kafka"),
    "mysql": _of("mysql-connector-python", "mysql.connector"),
    "mysqlclient": _of("mysqlclient", "MySQLdb"),
    "pika": _of("pika"),
    "psycopg": _of("psycopg"),
    "psycopg2": Instrumentation("psycopg2", ("psycopg2", "psycopg2-binary")),
    "pymemcache": _of("pymemcache"),
    "pymongo": _of("pymongo"),
    "pymysql": _of("pymysql"),
    "pyramid": _of("pyramid"),
    "redis": _of("redis"),
    "requests": _of("requests"),
    "sqlalchemy": _of("sqlalchemy"),
    "sqlite3": Instrumentation(),
    "starlette": _of("starlette"),
    "threading": Instrumentation(),
    "tornado": _of("tornado"),
    "urllib": Instrumentation(),
    "urllib3": _of("urllib3"),
    "wsgi": Instrumentation(),
}
"""The instrumentations that are lent."""

WITHIN: Final[Mapping[str, Instrumentation]] = {"aiobotocore": _of("aiobotocore")}
"""Those that come in the package of another, by the name of their entry point."""

PREFIX: Final = "opentelemetry-instrumentation-"
STARTED_WITH: Final = ("opentelemetry-distro", "opentelemetry-instrumentation")
"""What `opentelemetry-instrument` is made of."""

OLDEST: Final = 38
"""The oldest minor version of OpenTelemetry 1 that we work with."""

_EXPORTER: Final = "opentelemetry-exporter-otlp-proto-"
CORE: Final = ("opentelemetry-api", "opentelemetry-sdk")
_CONTRIB: Final = (
    *STARTED_WITH,
    "opentelemetry-util-http",
    *(f"{PREFIX}{name}" for name in INSTRUMENTATIONS),
)
_TRAIN: Final = {*CORE, *_CONTRIB, "opentelemetry-proto", "opentelemetry-semantic-conventions"}
_BELOW: Final = (
    "asgiref>=3,<4",
    "opentelemetry-propagator-aws-xray>=1.0.2,<2",
    "packaging>=21",
    "typing-extensions>=4.6",
)
BETA_AHEAD: Final = 21
"""By how much the minor version of the beta packages is ahead: 1.38.0 came with 0.59b0."""


class Release(NamedTuple):
    """A release of OpenTelemetry, such as 1.45.1, whose beta packages are 0.66b1."""

    minor: int
    patch: int

    def __str__(self) -> str:
        return f"1.{self.minor}.{self.patch}"


def own_release() -> Release:
    """The release in our own environment, for a service that has none."""
    release = _release(version("opentelemetry-api"))
    assert release is not None  # it is a dependency
    return release


def releases(packages: Mapping[str, str]) -> dict[str, Release]:
    """The release of each package of the release train among *packages* (versions by name)."""
    found = {name: _release(packages[name]) for name in sorted(packages) if is_train(name)}
    return {name: release for name, release in found.items() if release}


def requirements(release: Release) -> list[str]:
    """The requirements for pip, each package by name: nothing is left to resolve."""
    beta = release.minor + BETA_AHEAD
    return [
        *(f"{name}=={release}" for name in CORE),
        f"opentelemetry-semantic-conventions==0.{beta}b{release.patch}",
        # Not each of them is released again with every patch of the others.
        *(f"{name}>=0.{beta}b0,<0.{beta + 1}b0" for name in _CONTRIB),
        *_BELOW,
        "wrapt>=1.16,<3" if release.minor >= 41 else "wrapt>=1.16,<2",
        *(("importlib-metadata>=6,<8.8", "zipp>=3.20") if release.minor < 42 else ()),
    ]


def missing(packages: Mapping[str, str]) -> list[str]:
    """The packages without which *packages* (versions by name) can't be instrumented."""
    return [name for name in ("aiprov-otel", *CORE, *STARTED_WITH) if name not in packages]


def missing_instrumentations(packages: Mapping[str, str]) -> list[str]:
    """The libraries among *packages* whose instrumentation is lent, and not among them."""
    return [
        library
        for name, instrumentation in INSTRUMENTATIONS.items()
        if f"{PREFIX}{name}" not in packages
        for library in instrumentation.libraries
        if library in packages
    ]


def canonical(names: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Versions by canonical name; of a name that is there twice, the first counts, as in Python."""
    found: dict[str, str] = {}
    for name, its in names:
        found.setdefault(canonical_name(name), its)
    return found


def canonical_name(name: str) -> str:
    """*name* in the one spelling that all its spellings share."""
    return re.sub(r"[-_.]+", "-", name).lower()


def is_train(name: str) -> bool:
    """Whether *name* is released together with OpenTelemetry's API."""
    return name in _TRAIN or name.startswith(_EXPORTER)


def is_stable(name: str) -> bool:
    """Whether *name*, of the train, has the version of the API: the others are beta."""
    return name in {*CORE, "opentelemetry-proto"} or name.startswith(_EXPORTER)


def _release(text: str) -> Release | None:
    if match := re.match(r"1\.(\d+)\.(\d+)", text):
        return Release(int(match[1]), int(match[2]))
    if match := re.match(r"0\.(\d+)b(\d+)", text):
        return Release(int(match[1]) - BETA_AHEAD, int(match[2]))
    return None
