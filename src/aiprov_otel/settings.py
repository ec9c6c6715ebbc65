"""The settings and their allowed values; the only reader of `os.environ`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, get_args

Extent = Literal["all", "minimal"]
Commits = Literal["all", "ai-only"]
Mode = Literal["annotate", "metrics", "spans", "count", "off"]
MODES: Final[tuple[Mode, ...]] = get_args(Mode)
"""The modes of the import hook."""
ExceptionSignal = Literal["events", "logs", "both"]

# The last one sends the least, so it replaces an invalid value.
_CHOICES: Final = {"attributes": ("all", "minimal"), "commits": ("all", "ai-only")}
_OPTIONS: Final = ("attributes", "commits", "manifest")
_SWITCHES: Final = (
    "AIPROV_DISABLED",
    "AIPROV_STRICT",
    "AIPROV_FAST",
    "AIPROV_FAST_ENCODING",
    "AIPROV_ANNOTATED_TRACEBACK",
    "AIPROV_UNTESTED_PYTHON",
)
_NAMES: Final = (
    *_SWITCHES,
    "AIPROV_CACHE_KEY",
    "AIPROV_DOCTOR",
    "AIPROV_MANIFEST",
    "AIPROV_PACKAGES",
    "AIPROV_RUN",
)
_SIGNAL: Final = "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN"


class Settings(NamedTuple):
    """
    The settings from the environment; arguments and OpenTelemetry's file override them.

    Attributes:
        manifest: `AIPROV_MANIFEST`, path of the manifest; None to look for one.
        disabled: `AIPROV_DISABLED` or `OTEL_SDK_DISABLED`: do nothing.
        strict: `AIPROV_STRICT`: raise what would be logged.
        fast: `AIPROV_FAST`, unless it is `false`: use the fast paths through the SDK.
        fast_encoding: `AIPROV_FAST_ENCODING` and `AIPROV_FAST`, unless one of them is `false`:
            encode spans for the OTLP exporters by our own encoder.
        packages: `AIPROV_PACKAGES`, the packages that the import hook observes.
        annotated_traceback: `AIPROV_ANNOTATED_TRACEBACK`: print who wrote each frame.
        untested_python: `AIPROV_UNTESTED_PYTHON`: rewrite modules on a Python that was not tested.
        doctor: `AIPROV_DOCTOR`, the folder for reports to `aiprov doctor`; None for none.
        attributes: `minimal` for origin, model, commit and the exception's and error's origin only.
        commits: `ai-only` leaves out the hashes of commits that people wrote.
        wrong: one sentence for each invalid value and each unknown name.
    """

    manifest: str | None = None
    disabled: bool = False
    strict: bool = False
    fast: bool = True
    fast_encoding: bool = True
    packages: str = ""
    annotated_traceback: bool = False
    untested_python: bool = False
    doctor: str | None = None
    attributes: Extent = "all"
    commits: Commits = "all"
    wrong: tuple[str, ...] = ()

    def given(self, **options: Any) -> Settings:
        """These settings with *options* applied; an option that is None changes nothing."""
        given = {name: value for name, value in options.items() if value is not None}
        valid = {name: _valid(name, given[name]) for name in _OPTIONS if name in given}
        return self._replace(**valid, wrong=(*self.wrong, *_complaints(given)))


def read(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process; only `true`, in any case, is true."""
    fast = _word(environ, "AIPROV_FAST") != "false"
    return Settings(
        manifest=environ.get("AIPROV_MANIFEST") or None,
        disabled=_true(environ, "AIPROV_DISABLED") or _true(environ, "OTEL_SDK_DISABLED"),
        strict=_true(environ, "AIPROV_STRICT"),
        packages=environ.get("AIPROV_PACKAGES", ""),
        fast=fast,
        fast_encoding=fast and _word(environ, "AIPROV_FAST_ENCODING") != "false",
        doctor=environ.get("AIPROV_DOCTOR") or None,
        annotated_traceback=_true(environ, "AIPROV_ANNOTATED_TRACEBACK"),
        untested_python=_true(environ, "AIPROV_UNTESTED_PYTHON"),
        wrong=(
            *_wrong_switches(environ),
            *_wrong_signal(environ),
            *_misspelled(environ),
        ),
    )


def exception_signal(environ: Mapping[str, str] = os.environ) -> ExceptionSignal:
    """
    The signal that records exceptions of our own spans: `OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN`.

    By the semantic conventions for exceptions, `events` without one of its two values. As in
    OpenTelemetry's other lists of opt-ins, `logs/dup` wins over `logs`.
    """
    words = {word.strip() for word in _word(environ, _SIGNAL).split(",")}
    if "logs/dup" in words:
        return "both"
    return "logs" if "logs" in words else "events"


AGENT_VARIABLES: Final[Mapping[str, str | None]] = {
    "AI_AGENT": None,
    "CLAUDECODE": "claude-code",
    "CURSOR_AGENT": "cursor",
    "GEMINI_CLI": "gemini-cli",
    "CODEX_THREAD_ID": "openai-codex",
    "COPILOT_CLI": "github-copilot-cli",
    "OPENCODE": "opencode",
    "CLINE_ACTIVE": "cline",
    "QWEN_CODE": "qwen-code",
    "AUGMENT_AGENT": "augment",
    "KIRO_SESSION_ID": "kiro",
    "AGENT": None,
}
"""The variables that agents set for what they run, each with the agent; None: see its value."""


def agent_variable(environ: Mapping[str, str] = os.environ) -> str | None:
    """The variable that an agent set for what it runs, this process among it; None without one."""
    return next((name for name in AGENT_VARIABLES if environ.get(name)), None)


def agent_by_variable(environ: Mapping[str, str] = os.environ) -> str | None:
    """What names the agent that runs this process: a slug, or a text of its own."""
    name = agent_variable(environ)
    return None if name is None else AGENT_VARIABLES[name] or environ[name]


def git_index(environ: Mapping[str, str] = os.environ) -> str | None:
    """The index of the commit that a hook of git is for; None for the repository's own."""
    return environ.get("GIT_INDEX_FILE") or None


def is_edited(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether git opens an editor for the message that a hook is for."""
    return environ.get("GIT_EDITOR") != ":"


def cache_key(environ: Mapping[str, str] = os.environ) -> str | None:
    """`AIPROV_CACHE_KEY`, the secret that caches of builds are signed with; None if not set."""
    return environ.get("AIPROV_CACHE_KEY") or None


def state_folder(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The user's folder for files that outlive a run: `XDG_STATE_HOME`, else `~/.local/state`."""
    folder = Path(environ.get("XDG_STATE_HOME", ""))
    if folder.is_absolute():  # the specification has relative ones ignored
        return folder / "aiprov"
    home = Path(environ.get("HOME", ""))
    return home / ".local" / "state" / "aiprov" if home.is_absolute() else None


def github_summary(environ: Mapping[str, str] = os.environ) -> Path | None:
    """`GITHUB_STEP_SUMMARY`, where a job of GitHub Actions has its summary; None elsewhere."""
    name = environ.get("GITHUB_STEP_SUMMARY")
    return Path(name) if name else None


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The user's folder for files that can be made again: `XDG_CACHE_HOME`, else `~/.cache`."""
    folder = Path(environ.get("XDG_CACHE_HOME", ""))
    if folder.is_absolute():
        return folder / "aiprov"
    home = Path(environ.get("HOME", ""))
    return home / ".cache" / "aiprov" if home.is_absolute() else None


def switched_off(environ: Mapping[str, str] = os.environ) -> str | None:
    """The variable, with its value, because of which a process makes no span; None if none does."""
    for name in ("AIPROV_DISABLED", "OTEL_SDK_DISABLED"):
        if _true(environ, name):
            return f"{name}={environ[name]}"
    sampler = _word(environ, "OTEL_TRACES_SAMPLER")
    if sampler.endswith("always_off"):
        return f"OTEL_TRACES_SAMPLER={sampler}"
    disabled = "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"
    names = {name.strip() for name in _word(environ, disabled).split(",")}
    return f"{disabled}={environ[disabled]}" if names & {"*", "aiprov"} else None


def clickhouse(environ: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """The user and password of ClickHouse, in the variables that its own client reads."""
    return environ.get("CLICKHOUSE_USER") or "default", environ.get("CLICKHOUSE_PASSWORD", "")


def prometheus(environ: Mapping[str, str] = os.environ) -> tuple[str, str, str]:
    """The user, the password and the token of Prometheus; empty if not set."""
    names = ("PROMETHEUS_USERNAME", "PROMETHEUS_PASSWORD", "PROMETHEUS_TOKEN")
    user, password, token = (environ.get(name, "") for name in names)
    return user, password, token


def _true(environ: Mapping[str, str], name: str) -> bool:
    return _word(environ, name) == "true"


def _word(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name, "").strip().lower()


def _wrong_switches(environ: Mapping[str, str]) -> Iterator[str]:
    for name in _SWITCHES:
        if _word(environ, name) not in {"", "true", "false"}:
            used = "true" if name.startswith("AIPROV_FAST") else "false"
            yield f"{name} is {environ[name]!r}; use 'true' or 'false'; using {used!r}"


def _misspelled(environ: Mapping[str, str]) -> Iterator[str]:
    """Variables that are nearly called like one of ours; others may be anybody's."""
    for name in environ:
        if name.startswith("AIPROV") and name not in _NAMES:
            from difflib import get_close_matches  # nearly no process has one

            if close := get_close_matches(name, _NAMES, 1, 0.85):
                yield f"{name} is not a variable of aiprov-otel; use {close[0]}; ignoring it"


def _wrong_signal(environ: Mapping[str, str]) -> Iterator[str]:
    if _word(environ, _SIGNAL) and exception_signal(environ) == "events":
        yield f"{_SIGNAL} is {environ[_SIGNAL]!r}; use 'logs' or 'logs/dup'; sending events"


def _valid(name: str, value: Any) -> Any:
    if name in _CHOICES and value not in _CHOICES[name]:
        return _CHOICES[name][-1]
    return None if name == "manifest" and not isinstance(value, str | os.PathLike) else value


def _complaints(options: Mapping[str, Any]) -> Iterator[str]:
    for name, value in options.items():
        if name not in _OPTIONS:
            yield f"unknown option {name!r}; use {_either(_OPTIONS)}"
        elif (used := _valid(name, value)) != value:
            instead = f"using {used!r}" if used else "searching for one"
            yield f"{name} is {value!r}; use {_either(_CHOICES.get(name))}; {instead}"


def _either(allowed: tuple[str, ...] | None) -> str:
    return " or ".join(map(repr, allowed)) if allowed else "a path"
