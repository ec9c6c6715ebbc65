"""`aiprov doctor` on real commands: what is there, what is missing, and what to do."""

from __future__ import annotations

import json
import py_compile
import sys
import time

import pytest

from aiprov_otel.cli.doctor_findings import Survey, of_packages, of_process
from support.command import aiprov

WELL = {
    "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": "aiprov",
    "OTEL_TRACES_EXPORTER": "console",
    "OTEL_METRICS_EXPORTER": "none",
    "OTEL_LOGS_EXPORTER": "none",
}
APP = "import shop.cart\nprint('hello')\n"
SURVEY = Survey(
    "3.13.0",
    "/v/bin/python",
    dict.fromkeys(
        (
            "aiprov-otel",
            "opentelemetry-api",
            "opentelemetry-sdk",
            "opentelemetry-distro",
            "opentelemetry-instrumentation",
        ),
        "1",
    ),
)
REPORT = {
    "disabled": False,
    "installed": True,
    "early": True,
    "unreadable": [],
    "wrong": [],
    "folder": "/app",
    "path": [],
    "manifests": [],
    "loaded": {},
    "tracer_provider": "opentelemetry.sdk.trace.TracerProvider",
    "processors": [],
    "meter_provider": "m",
    "logger_provider": "l",
    "revision": None,
    "frameworks": [],
    "warnings": [],
}


@pytest.fixture
def app(repo):
    """A repository with a package, a program and their manifest."""
    repo.commit("shop/cart.py", "total = 1\n")
    repo.commit("app.py", APP)
    assert aiprov("build", cwd=repo.path).returncode == 0
    return repo.path


def doctor(app, *words, **environ):
    """The answer as JSON, by name, and the exit status."""
    done = aiprov("doctor", "--json", *words, cwd=app, **environ)
    assert done.returncode in {0, 1}, done.stderr
    answer = json.loads(done.stdout)
    assert answer["fine"] is (done.returncode == 0)
    return {each["name"]: each for each in answer["findings"]}, answer, done


def found(findings):
    """The findings by name."""
    return {finding.name: finding for finding in findings}


def test_a_service_that_has_everything_is_fine(app):
    """
    Status 0, with the manifest, what it matches, and the providers of the command itself.
    """
    said, answer, done = doctor(app, "--", sys.executable, "app.py", **WELL)

    assert done.returncode == 0, done.stdout
    assert said["manifest"]["found"].startswith(f"{app}/aiprov.manifest: 2 files, 3 lines, commit ")
    assert said["match"]["found"] == "2 exact, 0 stale, 0 missing of 2 files that can be imported"
    assert said["loaded"]["found"] == "1 exact"
    assert "BatchSpanProcessor, ProvenanceSpanProcessor" in said["traces"]["found"]
    assert said["resource"]["found"].startswith("commit ")
    assert len(answer["processes"]) == 1
    assert "hello" in done.stderr


def test_for_people_each_line_says_what_to_do(app):
    """
    What is missing has its next step below it, and the status is 1.
    """
    (app / "shop" / "cart.py").write_text("total = 2\n")
    done = aiprov("doctor", "--", sys.executable, "app.py", cwd=app, OTEL_TRACES_EXPORTER="none")

    assert done.returncode == 1
    for line in (
        r"ok       installed ",
        r"missing  match          1 exact, 1 stale, 0 missing of 2 files that can be imported",
        r"         -> shop/cart.py changed after the build: run `aiprov build` again",
        r"-> no span is sent: set OTEL_TRACES_EXPORTER",
        r"-> set OTEL_EXPERIMENTAL_RESOURCE_DETECTORS=aiprov",
    ):
        assert line in done.stdout


def test_without_a_command_the_environment_is_asked(app):
    """
    A Python with nothing to do tells of packages, manifest and providers.
    """
    said, _, done = doctor(app, **WELL)

    assert done.returncode == 0, done.stdout
    assert said["loaded"]["found"] == "no file of the application, yet"
    assert said["match"]["then"] is None
    assert sys.executable in said["python"]["found"]


def test_without_a_manifest_it_says_how_to_get_one(tmp_path):
    """
    The next step is a build.
    """
    said, _, _ = doctor(tmp_path, **WELL)

    assert "run `aiprov build`" in said["manifest"]["then"]
    assert "match" not in said


def test_a_command_that_runs_on_is_ended(app):
    """
    A server is asked while it runs, and ended.
    """
    began = time.monotonic()
    code = "import shop.cart, time; time.sleep(60)"
    said, _, done = doctor(app, "--seconds", "9", "--", sys.executable, "-c", code, **WELL)

    assert time.monotonic() - began < 50
    assert said["loaded"]["found"] == "1 exact"
    assert done.returncode == 0, done.stdout


def test_the_process_that_does_the_work_counts(app):
    """
    Of a master and its workers, the one with the application is told of.
    """
    code = """
import os, time
if os.fork() == 0:
    import shop.cart
    time.sleep(1)
else:
    os.wait()
"""
    said, answer, _ = doctor(app, "--", sys.executable, "-c", code, **WELL)

    assert len(answer["processes"]) == 2
    assert said["loaded"]["found"] == "1 exact"


def test_a_process_that_never_loaded_us_is_silence(app):
    """
    Isolated, a Python ignores what `opentelemetry-instrument` sets.
    """
    said, _, done = doctor(app, "--", sys.executable, "-I", "-c", "raise SystemExit(5)", **WELL)

    assert done.returncode == 1
    assert "ended with status 5" in said["installed"]["found"]
    assert "without -I" in said["installed"]["then"]


def test_switched_off_is_said(app):
    """
    The variable is named.
    """
    said, _, _ = doctor(app, **WELL, AIPROV_DISABLED="true")

    assert said["installed"]["then"] == "unset AIPROV_DISABLED and OTEL_SDK_DISABLED"


def test_a_wrong_setting_is_said(app):
    """
    With its value and the allowed ones.
    """
    said, _, done = doctor(app, **WELL, AIPROV_FAST="maybe", AIPROV_STRICT="")

    assert done.returncode == 1
    assert said["setting"]["found"].startswith("AIPROV_FAST is 'maybe'; use 'true' or 'false'")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--", "no-such-program"),
            "there is no command no-such-program; the form is `aiprov doctor",
        ),
        (("--seconds", "0"), "--seconds is how long CMD may run"),
    ],
)
def test_wrong_use_is_one_line(tmp_path, words, said):
    """
    Status 2, and what to say instead.
    """
    done = aiprov("doctor", *words, cwd=tmp_path)

    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_what_is_not_installed_has_its_command():
    """
    Each package that is lacking stands in the line that installs it, for that interpreter.
    """
    lacking = found(of_packages(Survey("3.13.0", "/v/bin/python", {"opentelemetry-api": "1"})))

    assert lacking["aiprov-otel"].then == "/v/bin/python -m pip install 'aiprov-otel[local]'"
    assert lacking["opentelemetry"].then == (
        "/v/bin/python -m pip install opentelemetry-sdk opentelemetry-distro "
        "opentelemetry-instrumentation"
    )
    assert not any(each.then for each in of_packages(SURVEY))


def test_a_framework_without_its_instrumentation_is_named():
    """
    FastAPI's is enough for the Starlette below it.
    """
    met = ["fastapi.routing", "flask.app", "starlette.routing"]
    installed = {"opentelemetry-instrumentation-fastapi": "1"}
    finding = found(of_process({**REPORT, "frameworks": met}, installed))["frameworks"]

    assert finding.found == "fastapi, flask, starlette"
    assert finding.then == (
        "pip install opentelemetry-instrumentation-flask, for spans of its requests"
    )


def test_a_provider_without_ours_is_named():
    """
    A provider that sends spans, and on which nothing of ours is.
    """
    theirs = [{"type": "BatchSpanProcessor", "exporter": "OTLPSpanExporter"}]
    finding = found(of_process({**REPORT, "processors": theirs}, {}))["traces"]

    assert "ours is not on it" in finding.then


def test_a_warning_leads_to_its_page():
    """
    What the library logged has its cause and its cure in the docs.
    """
    finding = found(of_process({**REPORT, "warnings": ["framework-changed"]}, {}))["warning"]

    assert finding.then == "docs/messages.md#framework-changed has its cause and its cure"


def test_a_manifest_of_something_else_is_named(app, tmp_path):
    """
    Where no file of it can be imported, it is the wrong one.
    """
    report = {**REPORT, "manifests": [str(app / "aiprov.manifest")], "path": [str(tmp_path / "x")]}
    finding = found(of_process(report, {}))["match"]

    assert finding.found == "0 exact, 0 stale, 2 missing of 2 files that can be imported"
    assert "set AIPROV_MANIFEST" in finding.then


def test_a_manifest_that_can_not_be_read_is_named(app):
    """
    It is not said that there is none where one was named, or found and can't be read.
    """
    (app / "broken").write_text("not a manifest")
    for name, words in (("broken", "is not a whole manifest"), ("gone", "no manifest at")):
        named = str(app / name)
        said, answer, _ = doctor(
            app, "--", sys.executable, "app.py", **WELL, AIPROV_MANIFEST=named, AIPROV_STRICT=""
        )
        assert [each["name"] for each in answer["findings"]].count("manifest") == 1
        assert words in said["manifest"]["found"]
        assert named in said["manifest"]["found"]
        assert "warning" not in said


def test_who_installed_is_told(app):
    """
    `opentelemetry-instrument`, the code itself, or nobody in the end.
    """
    off = {**WELL, "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "aiprov"}
    begin = "import aiprov_otel; a = aiprov_otel.install()"
    found = [
        doctor(app, "--", sys.executable, "-c", code, **environ)[0]["installed"]
        for code, environ in ((begin, WELL), (begin, off), (begin + "; a.uninstall()", WELL))
    ]
    assert [each["found"] for each in found] == [
        "before the command's own modules",
        "by the command's own code",
        "not in the end: it was undone, or it failed",
    ]
    assert [bool(each["then"]) for each in found] == [False, False, True]


def test_a_setting_that_strict_does_not_take_is_said(app):
    """
    Where `install()` fails of it, the answer is the setting, not that nothing was loaded.
    """
    said, _, _ = doctor(app, **WELL, AIPROV_FAST="maybe", AIPROV_STRICT="true")

    assert said["setting"]["found"].startswith("AIPROV_FAST is 'maybe'")
    assert said["installed"]["then"]
    assert "manifest" not in said


def test_an_application_without_its_source_is_no_stranger(app):
    """
    Modules that are there as `.pyc` only are unverified, and nothing is missing of them.
    """
    file = app / "shop" / "cart.py"
    py_compile.compile(str(file), cfile=f"{file}c", doraise=True)
    file.unlink()
    said, _, done = doctor(app, "--", sys.executable, "app.py", **WELL)

    assert done.returncode == 0, done.stdout
    assert said["match"]["found"].startswith("1 exact, 1 unverified, 0 stale, 0 missing of 2 files")
    assert said["loaded"]["found"] == "1 unverified"
