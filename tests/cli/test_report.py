"""`aiprov report` shows what there is, and says how to get what there is not."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from aiprov_otel.manifest import Run, SourceFile, content_hash, dump
from support.command import AIPROV, aiprov, environment, invoke
from support.telemetry import AI, HUMAN, Service, serve


def failing() -> Service:
    service = Service()
    service.span("stock", by=HUMAN)
    try:
        {}["price"]
    except KeyError as error:
        service.span("total", by=AI, failed=True, raised=(error, AI))
    return service


def test_the_report_in_a_pipe(tmp_path, stored):
    """Plain text without colors: counts, models, errors and the failing request."""
    stored(failing())

    done = aiprov("report", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    for word in ("claude-opus-4-6", "KeyError", "human", "Too few to tell", "Traceback"):
        assert word in done.stdout


def test_the_stack_is_annotated_from_the_manifest(tmp_path, stored):
    """The manifest beside the working directory says who wrote each frame."""
    stored(failing())
    file = SourceFile(
        "tests/cli/test_report.py", "test_report.py", content_hash(b""), (Run(1, 99, AI),)
    )
    dump(tmp_path / "aiprov.manifest", [file], revision=None, repository_url=None, policy={})

    done = invoke("report", cwd=tmp_path)

    assert "in failing   ◀ ai claude-code claude-opus-4-6" in done.stdout


def test_json_for_programs(tmp_path, stored):
    """`--json` is one document, of the store that was named."""
    stored(failing(), "mine.duckdb")

    done = invoke("report", "--json", "--store", "mine.duckdb", cwd=tmp_path)

    document = json.loads(done.stdout)
    assert done.returncode == 0
    assert {arm["origin"]: arm["errors"] for arm in document["arms"]} == {"ai": 1, "human": 0}
    assert document["verdict"]["adjusted_ratio"] is None


def test_the_page_shows_what_tests_executed(tmp_path, stored):
    """`--coverage` goes with `--html` only, and is matched with the manifest's files."""
    stored(failing())
    text = "def total():\n    return {}[0]\n"
    (tmp_path / "src/shop").mkdir(parents=True)
    (tmp_path / "src/shop/cart.py").write_text(text)
    file = SourceFile(
        "src/shop/cart.py", "shop/cart.py", content_hash(text.encode()), (Run(1, 2, AI),)
    )
    dump(tmp_path / "aiprov.manifest", [file], revision=None, repository_url=None, policy={})
    lcov = "SF:src/shop/cart.py\nDA:1,1\nDA:2,0\nend_of_record\n"
    (tmp_path / "lcov.info").write_text(lcov)

    done = aiprov("report", "--html", "r.html", "--coverage", "lcov.info", cwd=tmp_path)
    alone = aiprov("report", "--coverage", "lcov.info", cwd=tmp_path)

    page = (tmp_path / "r.html").read_text()
    assert done.returncode == 0
    assert (page.count('class="tested yes"'), page.count('class="tested no"')) == (1, 1)
    assert "<pre>    return {}[0]</pre>" in page
    assert (alone.returncode, "--coverage needs --html" in alone.stderr) == (2, True)


def test_a_page_for_a_browser(tmp_path, stored):
    """`--html` writes one file and prints nothing but its name; a gate goes with it."""
    stored(failing())

    done = invoke("report", "--html", "report.html", "--fail-if-low", "1.5", cwd=tmp_path)

    assert (done.returncode, done.stdout) == (0, "")
    assert "wrote the report to report.html" in done.stderr
    assert "passed: no ratio" in done.stderr
    assert "KeyError" in (tmp_path / "report.html").read_text()


def test_a_page_that_can_not_be_written(tmp_path, stored):
    """One line names the file and the way out."""
    stored(failing())

    done = invoke("report", "--html", "nowhere/report.html", cwd=tmp_path)

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "can't write nowhere/report.html" in done.stderr


def test_nothing_makes_no_page(tmp_path, stored):
    """Where there is nothing to report, an earlier page stays as it is."""
    stored(Service())

    done = invoke("report", "--html", "report.html", cwd=tmp_path)

    assert done.returncode == 1
    assert "no traces received yet" in done.stderr
    assert not (tmp_path / "report.html").exists()


def test_a_reader_that_went_away(tmp_path, stored):
    """`aiprov report | head -1` ends quietly and well."""
    stored(failing())
    read, write = os.pipe()
    os.close(read)

    done = subprocess.run(
        [*AIPROV, "report"],
        cwd=tmp_path,
        env=environment(),
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(write)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("way", [("--export", "x.parquet"), ("--sql", "SELECT 1")])
def test_a_gate_is_not_left_out_in_silence(tmp_path, stored, way):
    """What makes no report can't be held against a ratio, and says so."""
    stored(failing())

    done = invoke("report", *way, "--fail-if-low", "1.5", cwd=tmp_path)

    assert done.returncode == 2
    assert "run them separately" in done.stderr


def test_without_a_store_it_says_how_to_make_one(tmp_path):
    """The first call is answered with the next step, and leaves nothing behind."""
    done = invoke("report", cwd=tmp_path)

    assert done.returncode == 2
    assert "aiprov run -- CMD" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_empty_store_is_status_1(tmp_path, stored):
    """No traces: the answer is no, and how to get some; JSON is JSON all the same."""
    stored(Service())

    done = invoke("report", cwd=tmp_path)
    as_json = invoke("report", "--json", cwd=tmp_path)

    assert (done.returncode, as_json.returncode) == (1, 1)
    assert "no traces received yet" in done.stderr
    assert json.loads(as_json.stdout)["arms"] == []


def test_traces_without_origin_are_status_1(tmp_path, stored):
    """Spans that carry no `aiprov.*`: the line says what makes a service send it."""
    service = Service()
    service.span("GET /")
    stored(service)

    done = invoke("report", cwd=tmp_path)

    assert done.returncode == 1
    assert "AIPROV_MANIFEST" in done.stderr
    assert "install()" in done.stderr


@pytest.mark.parametrize("address", ["127.0.0.1:4318", "file:///etc/passwd", "http://127.0.0.1:1"])
def test_a_wrong_address_is_one_line(tmp_path, address):
    """What is no receiver is named, without a traceback."""
    done = invoke("report", "--from", address, cwd=tmp_path)

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert address in done.stderr


def test_files_are_reported_and_written(tmp_path, stored):
    """What `--export` wrote is what `--from` reads, and says the same."""
    stored(failing())

    written = invoke("report", "--export", "spans.parquet", cwd=tmp_path)
    again = invoke("report", "--export", "spans.parquet", cwd=tmp_path)
    both = invoke("report", "--export", "x.parquet", "--from", "spans.parquet", cwd=tmp_path)
    said = invoke("report", "--from", "spans.parquet", "--json", cwd=tmp_path)

    assert (written.returncode, again.returncode, both.returncode) == (0, 2, 2)
    assert "wrote 2 spans to spans.parquet" in written.stderr
    assert "exists already" in again.stderr
    assert "instead of --from" in both.stderr
    assert json.loads(said.stdout) == json.loads(invoke("report", "--json", cwd=tmp_path).stdout)


def test_a_file_that_is_not_there_is_one_line(tmp_path):
    """The line names it, and the status is 2."""
    done = invoke("report", "--from", "traces.json", cwd=tmp_path)

    assert done.returncode == 2
    assert done.stderr == (
        "aiprov: no spans at traces.json: name a file or folder of OTLP or Parquet with --from\n"
    )


def compared() -> Service:
    service = Service()
    serve(service, ai=20, human=4)
    return service


@pytest.mark.parametrize(
    ("ratio", "status", "said"),
    [("1.5", 1, "is above 1.5"), ("100", 0, "is not above 100")],
)
def test_a_gate_looks_at_the_lower_limit(tmp_path, stored, ratio, status, said):
    """`--fail-if-low` is for a pipeline: status 1 above the ratio, and a line that says why."""
    stored(compared())

    done = invoke("report", "--markdown", "--fail-if-low", ratio, cwd=tmp_path)

    assert done.returncode == status
    assert said in done.stderr
    assert "is associated with" in done.stdout


def test_too_few_to_tell_passes_and_says_so(tmp_path, stored):
    """A gate that can't tell lets pass, and nobody takes that for a finding."""
    stored(failing())

    done = invoke("report", "--json", "--fail-if-low", "1.5", cwd=tmp_path)

    assert done.returncode == 0
    assert "passed: no ratio to compare with 1.5" in done.stderr
    assert "Too few to tell" in done.stderr
    assert json.loads(done.stdout)["verdict"]["adjusted_ratio"] is None


@pytest.mark.parametrize("ratio", ["0", "-1", "nan", "inf", "much"])
def test_a_gate_needs_a_ratio(tmp_path, ratio):
    """Nonsense for a ratio is wrong use."""
    done = invoke("report", f"--fail-if-low={ratio}", cwd=tmp_path)

    assert done.returncode == 2
    assert "use a number above 0" in done.stderr


def test_a_question_of_ones_own(tmp_path, stored):
    """`--sql` asks the tables that the report is made of, for people and for programs."""
    stored(failing())
    question = "SELECT Origin, count(*) AS calls, NULL AS nothing FROM units GROUP BY 1 ORDER BY 1"

    table = invoke("report", "--sql", question, cwd=tmp_path)
    as_json = invoke("report", "--json", "--sql", question, cwd=tmp_path)

    assert table.stdout.splitlines() == ["Origin  calls  nothing", "ai      1", "human   1"]
    assert json.loads(as_json.stdout)[0] == {"Origin": "ai", "calls": 1, "nothing": None}


@pytest.mark.parametrize(
    "question",
    [
        "SELEKT 1",
        "DELETE FROM otel_traces",
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY otel_traces TO 'out.csv'",
        "SET enable_external_access = true",
        "ATTACH 'other.duckdb'",
    ],
)
def test_a_question_changes_and_reaches_nothing_else(tmp_path, stored, question):
    """What is no question of the store is one line, and no file is read or written."""
    stored(failing())

    done = invoke("report", "--sql", question, cwd=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("aiprov: the query failed")
    assert done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == [".aiprov"]


def test_a_question_is_asked_of_a_store(tmp_path):
    """A receiver or a file answers no SQL, and the line says what does."""
    done = invoke("report", "--from", "http://127.0.0.1:4318", "--sql", "SELECT 1", cwd=tmp_path)

    assert done.returncode == 2
    assert "--store" in done.stderr


def test_chosen_failures_give_no_verdict(tmp_path, stored):
    """`--sampled failures` is a reason, and a receiver is not told how to compute."""
    stored(failing())

    said = invoke("report", "--json", "--sampled", "failures", cwd=tmp_path)
    wrong = invoke("report", "--sampled", "often", cwd=tmp_path)
    receiver = invoke("report", "--from", "http://127.0.0.1:1", "--sampled", "evenly", cwd=tmp_path)

    assert json.loads(said.stdout)["verdict"]["text"].startswith("No verdict")
    assert (said.returncode, wrong.returncode, receiver.returncode) == (0, 2, 2)
    assert "choose from no, evenly, failures" in wrong.stderr.replace("'", "")
    assert "leave --sampled, --days and --run out" in receiver.stderr


def test_days_leave_out_what_is_older(tmp_path, stored):
    """Spans of the beginning of time are none of today's, in the report and for `--sql`."""
    stored(failing())
    count = ("--sql", "SELECT count(*) AS n FROM units", "--json")

    today = invoke("report", "--days", "1", cwd=tmp_path)
    asked = invoke("report", "--days", "0.5", *count, cwd=tmp_path)
    ever = invoke("report", "--days", "100000", *count, cwd=tmp_path)

    assert (today.returncode, today.stdout) == (1, "")
    assert today.stderr == ("aiprov: no span began within --days 1; try more days\n")
    assert (json.loads(asked.stdout), json.loads(ever.stdout)) == ([{"n": 0}], [{"n": 2}])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "http://127.0.0.1:1"), "leave --sampled, --days and --run out"),
        (("--from", "prometheus://host:9090"), "prometheus://host:9090?period=7d"),
        (("--export", "all.parquet"), "leave --days out"),
    ],
)
def test_days_where_they_mean_nothing(tmp_path, stored, arguments, said):
    """The line says what to do instead."""
    stored(failing())

    done = invoke("report", "--days", "1", *arguments, cwd=tmp_path)

    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.parametrize(
    "address",
    [
        "http://pat:hunter2@127.0.0.1:1",
        "http://pat:hun/ter2@127.0.0.1:1",
        "https://127.0.0.1:1?token=hunter2",
        "clickhouse://pat:hunter2@host:port/otel",
        "clickhouse://pat:hunter2@127.0.0.1:1/otel",
        "prometheus://pat:hunter2@host?period=week",
        "prometheus://pat:hunter2@127.0.0.1:1",
        "ftp://pat:hunter2@host/traces",
    ],
)
def test_no_message_holds_a_password(tmp_path, address):
    """Whatever is wrong with an address, the line that says so has no part of its password."""
    for more in ((), ("--days", "1")):
        done = invoke("report", "--from", address, *more, cwd=tmp_path)

        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert "ter2" not in done.stderr
