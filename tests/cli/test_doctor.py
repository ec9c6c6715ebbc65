"""`aiprov doctor`: on real commands, and on what processes may report of themselves."""

from __future__ import annotations

import json
import py_compile
import shutil
import sys
from pathlib import Path

import pytest

from aiprov_otel.cli import doctor
from aiprov_otel.cli.doctor_findings import (
    about_packages,
    about_process,
    about_rules,
    no_report,
)
from aiprov_otel.lending.survey import Survey
from support.command import aiprov, invoke
from support.repo import Repo

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
            "pip",
        ),
        "1",
    ),
)
REPORT = {
    "pid": 1,
    "disabled": False,
    "installed": True,
    "early": True,
    "unreadable": [],
    "wrong": [],
    "folder": "/app",
    "path": [],
    "manifests": [],
    "loaded": {},
    "stale": [],
    "tracer_provider": "opentelemetry.sdk.trace.TracerProvider",
    "processors": [],
    "meter_provider": "m",
    "logger_provider": "l",
    "revision": None,
    "frameworks": [],
    "left_alone": [],
    "packages": {"named": [], "used": []},
    "servers": [],
    "encoding": {"used": [], "refused": None},
    "warnings": [],
}
"""What `runtime.probe` reports of a process that has installed, and nothing else."""


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """A repository with a package, a program and their manifest; no test changes it."""
    repo = Repo(tmp_path_factory.mktemp("doctor") / "repo")
    repo.commit("shop/cart.py", "total = 1\n")
    repo.commit("app.py", APP)
    assert invoke("build", cwd=repo.path).returncode == 0
    return repo.path


@pytest.fixture
def changed(app, tmp_path):
    """A copy of it for a test that changes something."""
    return Path(shutil.copytree(app, tmp_path / "repo"))


def asked(app, *words, **environ):
    """The answer as JSON, by name, and the exit status."""
    done = aiprov("doctor", "--json", *words, cwd=app, **environ)
    assert done.returncode in {0, 1}, done.stderr
    answer = json.loads(done.stdout)
    assert answer["fine"] is (done.returncode == 0)
    return {each["name"]: each for each in answer["findings"]}, answer, done


def by_name(findings):
    """The findings by name."""
    return {finding.name: finding for finding in findings}


def of(**report):
    """The findings about a process that reports this, by name."""
    return by_name(about_process({**REPORT, **report}, {}))


def matched(app, **report):
    """The same, with the manifest of *app* and its folder to import from."""
    return of(manifests=[str(app / "aiprov.manifest")], path=[str(app)], **report)


def test_a_service_that_has_everything_is_fine(app):
    """
    Status 0, with the manifest, what it matches, and the providers of the command itself.
    """
    said, answer, done = asked(app, "--", sys.executable, "app.py", **WELL)

    assert done.returncode == 0, done.stdout
    assert said["manifest"]["found"].startswith(f"{app}/aiprov.manifest: 2 files, 3 lines, commit ")
    assert said["match"]["found"] == "2 exact, 0 stale, 0 missing, of 2 files in the manifest"
    assert said["loaded"]["found"] == "1 exact"
    assert "BatchSpanProcessor, ProvenanceSpanProcessor" in said["traces"]["found"]
    assert said["resource"]["found"].startswith("commit ")
    assert said["installed"]["found"] == "before the command's own modules"
    (report,) = answer["processes"]
    assert report.keys() == REPORT.keys()
    assert "hello" in done.stderr


def test_for_people_each_line_says_what_to_do(changed, capsys):
    """
    What is missing has its next step below it.
    """
    (changed / "shop" / "cart.py").write_text("total = 2\n")
    findings = [*about_packages(SURVEY), *matched(changed).values()]
    doctor._print(findings, [], as_json=False)

    printed = capsys.readouterr().out
    for line in (
        r"ok       installed ",
        r"missing  match          1 exact, 1 stale, 0 missing, of 2 files in the manifest",
        r"         -> shop/cart.py changed since the build: run `aiprov build` again",
        r"-> no exporter: set OTEL_TRACES_EXPORTER",
        r"-> set OTEL_EXPERIMENTAL_RESOURCE_DETECTORS=aiprov",
    ):
        assert line in printed


def test_without_a_command_the_environment_is_asked(app):
    """
    A Python with nothing to do tells of packages, manifest and providers.
    """
    said, _, done = asked(app, **WELL)

    assert done.returncode == 0, done.stdout
    assert said["loaded"]["found"] == "no application file yet"
    assert said["match"]["then"] is None
    assert sys.executable in said["python"]["found"]


def test_without_a_manifest_it_says_how_to_get_one():
    """
    The next step is a build.
    """
    findings = of(manifests=[])

    assert "run `aiprov build`" in findings["manifest"].then
    assert "match" not in findings


WORKING = """
import os, signal
if os.fork() == 0:
    import json, shop.cart, time
    report = f"{os.environ['AIPROV_DOCTOR']}/{os.getpid()}.json"
    while not os.path.exists(report) or not json.load(open(report))["loaded"]:
        if not os.path.isdir(os.environ["AIPROV_DOCTOR"]):
            os._exit(1)  # doctor did not wait long enough, and is gone
        time.sleep(0.01)
    os._exit(0)
os.wait()
signal.pause()
"""


def test_the_process_that_does_the_work_counts_and_the_command_is_ended(app):
    """
    Of a master and its worker, the one with the application is told of; a server is asked while it
    runs, and ended.
    """
    for seconds in ("5", "20", "120"):  # a busy machine takes longer to start them
        said, answer, done = asked(
            app, "--seconds", seconds, "--", sys.executable, "-c", WORKING, **WELL
        )
        if said.get("loaded", {}).get("found") == "1 exact":
            break

    assert len(answer["processes"]) == 2
    assert said["loaded"]["found"] == "1 exact"
    assert done.returncode == 0, done.stdout


def test_a_process_that_never_loaded_us_is_silence(app):
    """
    Isolated, a Python ignores what `opentelemetry-instrument` sets.
    """
    code = f"{sys.executable} -I -c 'raise SystemExit(5)'"
    said, _, done = asked(app, "--", "sh", "-c", code, **WELL)

    assert done.returncode == 1
    assert "ended with status 5" in said["installed"]["found"]
    assert "without -I" in said["installed"]["then"]
    assert "within 9 s" in no_report(9, None).found


def test_switched_off_is_said():
    """
    The variable is named.
    """
    assert of(disabled=True)["installed"].then == "unset AIPROV_DISABLED and OTEL_SDK_DISABLED"


def test_a_wrong_setting_is_said():
    """
    With its value and the allowed ones.
    """
    sentence = "AIPROV_FAST is 'maybe'; use 'true' or 'false'; 'true' is taken"
    setting = of(wrong=[sentence], warnings=["setting-wrong"])["setting"]

    assert (setting.found, bool(setting.then)) == (sentence, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--", "no-such-program"),
            "command not found: no-such-program; use `aiprov doctor",
        ),
        (("--seconds", "0"), "--seconds must be above 0"),
    ],
)
def test_wrong_use_is_one_line(tmp_path, words, said):
    """
    Status 2, and what to say instead.
    """
    done = invoke("doctor", *words, cwd=tmp_path)

    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_what_is_not_installed_has_its_command():
    """
    Each package that is lacking stands in the line that installs it, for that interpreter.
    """
    packages = {"opentelemetry-api": "1", "pip": "25"}
    lacking = by_name(about_packages(Survey("3.13.0", "/v/bin/python", packages)))

    assert lacking["aiprov-otel"].then == "/v/bin/python -m pip install 'aiprov-otel[auto]'"
    assert lacking["opentelemetry"].then == (
        "/v/bin/python -m pip install opentelemetry-sdk opentelemetry-distro "
        "opentelemetry-instrumentation"
    )
    assert not any(each.then for each in about_packages(SURVEY))


def test_what_a_run_lends_is_not_missing(capsys):
    """
    Each line names what a start without `aiprov run` takes; what that lacks too stays missing.
    """
    bare = Survey("3.13.0", "/v/bin/python", {"pip": "25", "flask": "3"})
    report = {**REPORT, "frameworks": ["flask.app"], "manifests": ["/m"]}
    process = list(about_process(report, bare.packages, lent=True))
    doctor._print([*about_packages(bare, lent=True), *process], [], as_json=False)

    printed = capsys.readouterr().out
    for line in (
        "by run   aiprov-otel    is not installed",
        "-> without `aiprov run`: /v/bin/python -m pip install 'aiprov-otel[auto]'",
        "by run   opentelemetry  without opentelemetry-api, ",
        "by run   instrumented   no library",
        "by run   frameworks     flask",
        "by run   traces ",
        "by run   resource ",
        "missing  manifest ",
    ):
        assert line in printed
    assert printed.count("missing") == 1
    installed = {**bare.packages, "aiprov-otel": "1"}
    assert by_name(about_process(report, installed, lent=True))["traces"].is_missing


def test_a_package_that_no_process_imported_is_named(app):
    """
    With the names that the application has; a worker may be the one that imports.
    """
    master = {**REPORT, "packages": {"named": ["shop", "shopp"], "used": []}}
    worker = {**master, "packages": {"named": ["shop", "shopp"], "used": ["shop"]}}
    manifests = [str(app / "aiprov.manifest")]

    (finding,) = about_rules([master, {**worker, "manifests": manifests}])

    assert "names shopp, which was not imported" in finding.found
    assert finding.then == "name it as CMD imports it; the manifest has app, shop"
    assert not list(about_rules([REPORT]))


def test_an_application_on_no_framework_needs_what_its_server_wraps_it_in():
    """
    It serves requests: that no library is instrumented is not all well.
    """
    assert by_name(about_process(REPORT, {}))["frameworks"].then is None
    served = {**REPORT, "servers": ["werkzeug.serving"]}
    lacking = by_name(about_process(served, {}))["frameworks"]
    names = ("opentelemetry-instrumentation-asgi", "opentelemetry-instrumentation-wsgi")
    whole = by_name(about_process(served, dict.fromkeys(names, "1")))["frameworks"]

    assert lacking.found == whole.found == "none that is supported; served by werkzeug"
    assert lacking.then == f"pip install {' '.join(names)}, for spans of its requests"
    assert whole.then is None


def test_a_framework_without_its_instrumentation_is_named():
    """
    FastAPI's is enough for the Starlette below it.
    """
    met = ["fastapi.routing", "flask.app", "starlette.routing"]
    installed = {"opentelemetry-instrumentation-fastapi": "1"}
    finding = by_name(about_process({**REPORT, "frameworks": met}, installed))["frameworks"]

    assert finding.found == "fastapi, flask, starlette"
    assert finding.then == (
        "pip install opentelemetry-instrumentation-flask, for spans of its requests"
    )


def test_a_provider_without_ours_is_named():
    """
    A provider that sends spans, and on which nothing of ours is.
    """
    theirs = [{"type": "BatchSpanProcessor", "exporter": "OTLPSpanExporter"}]
    finding = of(processors=theirs)["traces"]

    assert "ProvenanceSpanProcessor is missing" in finding.then


def test_a_warning_leads_to_its_page():
    """
    What the library logged has its cause and its cure in the docs.
    """
    finding = of(warnings=["framework-changed"])["warning"]

    assert (
        finding.then == "see docs/reference/messages.md#framework-changed for the cause and the fix"
    )


def test_a_manifest_of_something_else_is_named(app, tmp_path):
    """
    Where no file of it can be imported, it is the wrong one.
    """
    elsewhere = [str(tmp_path / "x")]
    finding = of(manifests=[str(app / "aiprov.manifest")], path=elsewhere)["match"]

    assert finding.found == "0 exact, 0 stale, 2 missing, of 2 files in the manifest"
    assert "set AIPROV_MANIFEST" in finding.then


def test_a_manifest_that_can_not_be_read_is_named():
    """
    It is not said that there is none where one was named, or found and can't be read.
    """
    sentence = "no manifest at /gone"
    findings = list(
        about_process({**REPORT, "unreadable": [sentence], "warnings": ["manifest-unreadable"]}, {})
    )

    assert [each.found for each in findings if each.name == "manifest"] == [sentence]
    assert "warning" not in by_name(findings)


def test_who_installed_is_told():
    """
    `opentelemetry-instrument`, the code itself, or nothing that is still installed.
    """
    found = [
        of(installed=installed, early=early)["installed"]
        for installed, early in ((True, True), (True, False), (False, True))
    ]

    assert [each.found for each in found] == [
        "before the command's own modules",
        "by the command's own code",
        "no: uninstalled or failed",
    ]
    assert [bool(each.then) for each in found] == [False, False, True]


def test_a_setting_that_strict_does_not_take_is_said():
    """
    Where `install()` fails of it, the answer is the setting, not that nothing was loaded.
    """
    findings = of(installed=False, wrong=["AIPROV_FAST is 'maybe'; use 'true' or 'false'"])

    assert findings["setting"].found.startswith("AIPROV_FAST is 'maybe'")
    assert findings["installed"].then
    assert "manifest" not in findings


@pytest.mark.parametrize(
    ("used", "refused", "found"),
    [
        (["grpc", "http"], None, "of spans by aiprov-otel, over grpc and http; "),
        ([], "AIPROV_FAST is false", "of spans by OpenTelemetry: AIPROV_FAST is false"),
        (["http"], "a batch differs", "of spans by OpenTelemetry: a batch differs"),
    ],
)
def test_it_says_who_encodes_spans(used, refused, found):
    """
    With the switch that leaves it to OpenTelemetry, or the reason why that encodes.
    """
    encoding = of(encoding={"used": used, "refused": refused})["encoding"]

    assert encoding.found.startswith(found)
    assert ("AIPROV_FAST_ENCODING=false" in encoding.found) == (refused is None)
    assert encoding.then is None


def test_an_application_without_its_source_is_no_stranger(changed):
    """
    Modules that are there as `.pyc` only are unverified, and nothing is missing of them.
    """
    file = changed / "shop" / "cart.py"
    py_compile.compile(str(file), cfile=f"{file}c", doraise=True)
    file.unlink()
    findings = matched(changed, loaded={"unverified": 1})

    assert findings["match"].then is None
    assert findings["match"].found.startswith(
        "1 exact, 1 unverified, 0 stale, 0 missing, of 2 files"
    )
    assert findings["loaded"].found == "1 unverified"
