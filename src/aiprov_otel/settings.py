"""What can be set, by whom, and to what; the only reader of `os.environ`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, get_args

Extent = Literal["all", "minimal"]
Commits = Literal["all", "ai-only"]
Mode = Literal["annotate", "metrics", "spans", "count", "off"]
MODES: Final[tuple[Mode, ...]] = get_args(Mode)
"""What the import hook may do to a package."""
ExceptionSignal = Literal["events", "logs", "both"]

# The last one sends the least, so it is what a value that can't be is taken for.
_CHOICES: Final = {"attributes": ("all", "minimal"), "commits": ("all", "ai-only")}
_OPTIONS: Final = ("attributes", "commits", "manifest")
_SWITCHES: Final = (
    "AIPROV_DISABLED",
    "AIPROV_STRICT",
    "AIPROV_FAST",
    "AIPROV_ANNOTATED_TRACEBACK",
    "AIPROV_UNTESTED_PYTHON",
)
_SIGNAL: Final = "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN"


@dataclass(frozen=True, slots=True)
class Settings:
    """
    What the environment says, and what arguments or OpenTelemetry's file say before it.

    Attributes:
        manifest: `AIPROV_MANIFEST`, path of the manifest; None to look for one.
        disabled: `AIPROV_DISABLED` or `OTEL_SDK_DISABLED`: do nothing.
        strict: `AIPROV_STRICT`: raise what would be logged.
        fast: `AIPROV_FAST`, unless it is `false`: take the short ways through the SDK.
        packages: `AIPROV_PACKAGES`, the packages that the import hook is to see.
        annotated_traceback: `AIPROV_ANNOTATED_TRACEBACK`: say in the console who wrote each frame.
        untested_python: `AIPROV_UNTESTED_PYTHON`: rewrite modules on a Python that was not tested.
        doctor: `AIPROV_DOCTOR`, the folder where a process is to say what it has; None for none.
        attributes: `minimal` for origin, model, commit and the exception's and error's origin only.
        commits: `ai-only` leaves out the hashes of commits that people wrote.
        wrong: one sentence for each value that can't be, and for each name that means nothing.
    """

    manifest: str | None = None
    disabled: bool = False
    strict: bool = False
    fast: bool = True
    packages: str = ""
    annotated_traceback: bool = False
    untested_python: bool = False
    doctor: str | None = None
    attributes: Extent = "all"
    commits: Commits = "all"
    wrong: tuple[str, ...] = field(default=(), compare=False)

    def given(self, **options: Any) -> Settings:
        """These, and what *options* say; None, or an option that is left out, says nothing."""
        said = {name: value for name, value in options.items() if value is not None}
        known = {name: _possible(name, said[name]) for name in _OPTIONS if name in said}
        return replace(self, **known, wrong=(*self.wrong, *_complaints(said)))


def read(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process; only `true`, in any case, is true."""
    return Settings(
        manifest=environ.get("AIPROV_MANIFEST") or None,
        disabled=_true(environ, "AIPROV_DISABLED") or _true(environ, "OTEL_SDK_DISABLED"),
        strict=_true(environ, "AIPROV_STRICT"),
        packages=environ.get("AIPROV_PACKAGES", ""),
        fast=_word(environ, "AIPROV_FAST") != "false",
        doctor=environ.get("AIPROV_DOCTOR") or None,
        annotated_traceback=_true(environ, "AIPROV_ANNOTATED_TRACEBACK"),
        untested_python=_true(environ, "AIPROV_UNTESTED_PYTHON"),
        wrong=(*_no_switches(environ), *_no_signal(environ)),
    )


def exception_signal(environ: Mapping[str, str] = os.environ) -> ExceptionSignal:
    """
    Where exceptions of our own spans go: `OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN`.

    By the semantic conventions for exceptions, `events` without one of its two values. As in
    OpenTelemetry's other lists of opt-ins, `logs/dup` wins over `logs`.
    """
    words = {word.strip() for word in _word(environ, _SIGNAL).split(",")}
    if "logs/dup" in words:
        return "both"
    return "logs" if "logs" in words else "events"


def clickhouse(environ: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """The user and password of ClickHouse, in the variables that its own client reads."""
    return environ.get("CLICKHOUSE_USER") or "default", environ.get("CLICKHOUSE_PASSWORD", "")


def prometheus(environ: Mapping[str, str] = os.environ) -> tuple[str, str, str]:
    """The user, the password and the token of Prometheus; empty where nothing is said."""
    names = ("PROMETHEUS_USERNAME", "PROMETHEUS_PASSWORD", "PROMETHEUS_TOKEN")
    user, password, token = (environ.get(name, "") for name in names)
    return user, password, token


def _true(environ: Mapping[str, str], name: str) -> bool:
    return _word(environ, name) == "true"


def _word(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name, "").strip().lower()


def _no_switches(environ: Mapping[str, str]) -> Iterator[str]:
    for name in _SWITCHES:
        if _word(environ, name) not in {"", "true", "false"}:
            taken = "true" if name == "AIPROV_FAST" else "false"
            yield f"{name} is {environ[name]!r}; use 'true' or 'false'; {taken!r} is taken"


def _no_signal(environ: Mapping[str, str]) -> Iterator[str]:
    if _word(environ, _SIGNAL) and exception_signal(environ) == "events":
        yield f"{_SIGNAL} is {environ[_SIGNAL]!r}; use 'logs' or 'logs/dup'; events are sent"


def _possible(name: str, value: Any) -> Any:
    if name in _CHOICES and value not in _CHOICES[name]:
        return _CHOICES[name][-1]
    return None if name == "manifest" and not isinstance(value, str | os.PathLike) else value


def _complaints(said: Mapping[str, Any]) -> Iterator[str]:
    for name, value in said.items():
        if name not in _OPTIONS:
            yield f"{name!r} can't be set; use {_either(_OPTIONS)}"
        elif _possible(name, value) != value:
            taken = _possible(name, value)
            otherwise = f"{taken!r} is taken" if taken else "one is looked for"
            yield f"{name} is {value!r}; use {_either(_CHOICES.get(name))}; {otherwise}"


def _either(allowed: tuple[str, ...] | None) -> str:
    return " or ".join(map(repr, allowed)) if allowed else "a path"
