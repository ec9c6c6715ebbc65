"""The files for forges: valid by their schemas, and their scripts run as a runner runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from support.command import AIPROV, environment
from support.repo import Repo
from support.reviewed import make_branch

ROOT = Path(__file__).parents[2]
GATE = "[tool.aiprov.review]\nmax_unknown = 0.1\n"
SCHEMAS = {
    "action.yml": "vendor.github-actions",
    ".github/workflows/test.yml": "vendor.github-workflows",
    ".github/workflows/release.yml": "vendor.github-workflows",
    "ci/review.gitlab-ci.yml": "vendor.gitlab-ci",
}


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A clone of a shop as a runner makes it: shallow, on a branch to be merged into `main`."""
    folder = tmp_path_factory.mktemp("forge")
    origin = make_branch(folder / "origin", GATE)
    address = f"file://{origin.path}"
    origin.git("clone", "--quiet", "--depth=1", "--branch=topic", address, str(folder / "clone"))
    commands = folder / "temp" / "aiprov" / "bin"
    commands.mkdir(parents=True)
    script = f'#!/bin/sh\nexec {AIPROV[0]} {" ".join(AIPROV[1:])} "$@"\n'
    (commands / "aiprov").write_text(script)
    (commands / "aiprov").chmod(0o755)
    return Repo(folder / "clone"), commands


def run(script, clone, **variables):
    """Run *script* as a runner does."""
    repo, commands = clone
    path = f"{commands}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script],
        cwd=repo.path,
        env=environment(**{"PATH": path, "RUNNER_TEMP": str(commands.parents[1]), **variables}),
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_file_is_valid_by_the_schema_of_its_forge(name):
    """
    The forge's own schema takes each file.
    """
    schema = ("--builtin-schema", SCHEMAS[name])
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *schema, ROOT / name],
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_permissions_of_workflows_are_the_least():
    """
    No job may do more than it names, only those that sign or publish have an identity, and actions
    of others are pinned by hash, but for the one that publishes.
    """
    signing = set()
    for name in ("test", "release"):
        workflow = yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text())
        assert workflow["permissions"] == {}
        for job, body in workflow["jobs"].items():
            if "id-token" in body["permissions"]:
                signing.add(job)
            for step in body["steps"]:
                used, _, pin = step.get("uses", "./").partition("@")
                assert used == "./" or len(pin) == 40 or used == "pypa/gh-action-pypi-publish"

    assert signing == {"attest", "publish"}


def test_the_action_reviews_a_pull_request(clone, tmp_path):
    """
    The steps of the composite action fetch the history, annotate lines, write the summary of the
    job, and fail by a gate.
    """
    install, history, review = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]
    assert subprocess.run(["bash", "-n", "-c", install["run"]]).returncode == 0
    assert install["env"]["PYTHONPATH"] == review["env"]["PYTHONPATH"] == ""
    summary = tmp_path / "summary.md"

    fetched = run(history["run"], clone)
    assert fetched.returncode == 0, fetched.stderr
    (clone[0].path / "lcov.info").write_text("SF:src/shop/cart.py\nDA:2,1\nDA:3,0\nend_of_record\n")
    done = run(
        review["run"],
        clone,
        BASE="",
        COVERAGE="lcov.info",
        SOURCE="",
        GITHUB_BASE_REF="main",
        GITHUB_STEP_SUMMARY=str(summary),
    )

    assert done.returncode == 1, done.stderr
    assert "::warning file=src/shop/cart.py,line=3" in done.stdout
    assert "::error title=aiprov review::max_unknown is 0.1429" in done.stdout
    assert summary.read_text().startswith("<!-- aiprov review -->\n")


def test_the_action_runs_no_module_of_the_repository(clone):
    """
    Where a repository has modules by the names of Python's own, the action makes its environment
    without them.
    """
    install, *_ = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]
    names = ("venv", "runpy", "ensurepip", "pip")
    for name in names:
        clone[0].write(f"{name}.py", "open('sprung', 'w').close()\n")

    # Python's own module fails at a file in the place of the folder.
    done = run(install["run"], clone, RUNNER_TEMP=os.devnull, PYTHONPATH="", EXTRAS="", COVERAGE="")
    for name in names:
        (clone[0].path / f"{name}.py").unlink()

    assert done.returncode
    assert "Not a directory" in done.stderr
    assert not (clone[0].path / "sprung").exists()


def test_the_action_installs_what_reads_the_coverage(clone, tmp_path):
    """
    coverage.py if there is a file of coverage, and the extras: as pip is called, by a `python3`
    that makes an environment of a pip which prints its arguments.
    """
    install, *_ = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]
    python = tmp_path / "python3"
    python.write_text(
        '#!/bin/sh\nmkdir -p "$4/bin"\n'
        'printf \'#!/bin/sh\\necho "$@"\\n\' >"$4/bin/pip"; chmod +x "$4/bin/pip"\n'
    )
    python.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    for coverage, installed in (("", "/a[local]"), (".coverage", "/a[local] coverage")):
        done = run(
            install["run"],
            clone,
            PATH=path,
            RUNNER_TEMP=str(tmp_path),
            GITHUB_ACTION_PATH="/a",
            EXTRAS="local",
            COVERAGE=coverage,
        )
        assert done.stdout.split(maxsplit=2)[2].strip() == installed, done.stderr


def test_the_template_of_gitlab_reviews_a_merge_request(clone):
    """
    The script of the job prints the review, keeps it as an artifact, and has the exit status of
    the gates.
    """
    run("git fetch --quiet --unshallow origin || true", clone)
    run("git fetch --quiet origin +refs/heads/main:refs/remotes/origin/main", clone)
    template = yaml.safe_load((ROOT / "ci" / "review.gitlab-ci.yml").read_text())[".aiprov-review"]

    done = run(
        "\n".join(template["script"]),
        clone,
        AIPROV_REVIEW_OPTIONS="",
        CI_MERGE_REQUEST_DIFF_BASE_SHA=clone[0].git("rev-parse", "origin/main"),
    )

    assert done.returncode == 1, done.stderr
    assert "7 lines added since" in done.stdout
    artifact = clone[0].path / template["artifacts"]["paths"][0]
    assert json.loads(artifact.read_text())["lines"] == 7


def test_the_hooks_of_pre_commit_run(clone, tmp_path):
    """
    pre-commit takes the manifest of hooks, and runs the review before a push.
    """
    hooks = ROOT / ".pre-commit-hooks.yaml"
    precommit = f"{sys.executable} -m pre_commit"
    assert run(f"{precommit} validate-manifest {hooks}", clone).returncode == 0
    run("git fetch --quiet --unshallow origin || true", clone)
    run("git fetch --quiet origin +refs/heads/main:refs/remotes/origin/main", clone)
    [review, _] = yaml.safe_load(hooks.read_text())
    local = {**review, "language": "system", "args": ["--base", "origin/main"]}
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump({"repos": [{"repo": "local", "hooks": [local]}]}))

    done = run(
        f"{precommit} run --config {config} --hook-stage pre-push --all-files",
        clone,
        PRE_COMMIT_HOME=str(tmp_path / "home"),
    )

    assert done.returncode == 1, done.stdout + done.stderr
    assert "max_unknown is 0.1429" in done.stdout
