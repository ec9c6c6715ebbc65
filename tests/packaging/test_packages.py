"""Real packages, built by real back ends, installed into an environment of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from aiprov_otel.manifest import Manifest
from support.repo import Repo

CLAUDE = "Add it\n\nCo-Authored-By: Claude Opus 4.6 <noreply@anthropic.com>\n"
PROJECT = '[project]\nname = "shop"\nversion = "1.0"\n'
HATCH = (
    '[build-system]\nrequires = ["hatchling", "aiprov-otel"]\n'
    'build-backend = "hatchling.build"\n'
    f"{PROJECT}[tool.hatch.build.hooks.aiprov]\n"
)
SETUPTOOLS = (
    '[build-system]\nrequires = ["setuptools", "aiprov_otel>=0.1"]\n'
    f'build-backend = "setuptools.build_meta"\n{PROJECT}'
)
ASKED = """
import json, shop.cart, aiprov_otel
found = aiprov_otel.provenance_of(shop.cart.total)
print(json.dumps([found.origin, found.model, found.commit, found.match]))
"""


@pytest.fixture(params=[HATCH, SETUPTOOLS], ids=["hatchling", "setuptools"])
def shop(request, tmp_path):
    """A project with a package that a model wrote, and the commit of it."""
    repo = Repo(tmp_path / "repo")
    repo.commit("pyproject.toml", request.param)
    repo.commit("src/shop/__init__.py", "")
    repo.ai = repo.commit("src/shop/cart.py", "def total(order):\n    return sum(order)\n", CLAUDE)
    return repo


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **variables}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def package(project: Path, *options: str) -> list[Path]:
    """What `python -m build` makes of *project*, sorted by name."""
    run(sys.executable, "-m", "build", "--no-isolation", *options, ".", cwd=project)
    return sorted((project / "dist").iterdir())


def install(folder: Path, *what: str | Path) -> Path:
    """The interpreter of a new environment in *folder* with *what* and, from here, the library."""
    run(sys.executable, "-m", "venv", "--without-pip", "env", cwd=folder)
    (site,) = folder.glob("env/lib/python*/site-packages")
    ours = [path for path in sys.path if path and Path(path).is_dir()]
    (site / "library.pth").write_text("\n".join(ours) + "\n")
    python = folder / "env" / "bin" / "python"
    quietly = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation")
    run(sys.executable, "-m", "pip", "--python", python, "install", *quietly, *what, cwd=folder)
    return python


def asked(wheel: Path, folder: Path) -> list[str | None]:
    """What an environment that *wheel* is installed in says of its function."""
    return json.loads(run(install(folder, wheel), "-c", ASKED, cwd=folder).splitlines()[-1])


def in_wheel(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return [name for name in archive.namelist() if name.endswith("aiprov.manifest")]


def test_a_wheel_through_its_source_distribution(shop, tmp_path):
    """
    `python -m build` puts the manifest into both; the wheel is made where no history is, and the
    installed function is known exactly.
    """
    sdist, wheel = sorted(package(shop.path), key=lambda path: path.suffix)

    with tarfile.open(sdist) as archive:
        names = archive.getnames()
    assert [name for name in names if name.endswith("aiprov.manifest")]
    assert len(names) == len(set(names))
    assert not [name for name in names if ".aiprov" in name or "blame.cache" in name]
    assert len(in_wheel(wheel)) == 1
    assert asked(wheel, tmp_path) == ["ai", "claude-opus-4-6", shop.ai, "exact"]


def test_a_wheel_from_the_work_tree(shop, tmp_path):
    """
    `pip wheel` of a clone asks git.
    """
    make = ("wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", "dist", ".")
    run(sys.executable, "-m", "pip", *make, cwd=shop.path)
    (wheel,) = (shop.path / "dist").glob("*.whl")

    assert asked(wheel, tmp_path) == ["ai", "claude-opus-4-6", shop.ai, "exact"]


def test_one_of_several_packages_in_a_repository(shop, tmp_path):
    """
    A project in a folder of its repository carries what is below it, and nothing else.
    """
    (tmp_path / "mono").mkdir()
    mono = Repo(tmp_path / "mono")
    mono.commit("tools/other.py", "x = 1\n")
    for path in ("pyproject.toml", "src/shop/__init__.py", "src/shop/cart.py"):
        mono.commit(f"packages/shop/{path}", (shop.path / path).read_text(), CLAUDE)

    (wheel,) = package(mono.path / "packages" / "shop", "--wheel")

    (name,) = in_wheel(wheel)
    with zipfile.ZipFile(wheel) as archive:
        archive.extract(name, tmp_path)
    paths = [entry.path for entry in Manifest.load(tmp_path / name).entries]
    assert paths == [f"packages/shop/src/shop/{module}.py" for module in ("__init__", "cart")]


def test_without_a_history_a_package_is_made_all_the_same(shop, tmp_path):
    """
    Whoever builds from a downloaded archive gets a package, and one line that says what it lacks.
    """
    (shop.path / ".git").rename(tmp_path / "gone")

    told = run(
        sys.executable, "-m", "build", "--no-isolation", "--wheel", ".", cwd=shop.path,
        GIT_CEILING_DIRECTORIES=str(tmp_path),
    )  # fmt: skip

    (wheel,) = (shop.path / "dist").glob("*.whl")
    assert in_wheel(wheel) == []
    assert "no aiprov.manifest in this package" in told


def test_an_editable_installation_has_none(shop, tmp_path):
    """
    Its files change under it: what runs is asked in the work tree.
    """
    install(tmp_path, "-e", shop.path)

    assert list(tmp_path.glob("env/lib/python*/site-packages/*.dist-info/METADATA"))
    assert not list(tmp_path.glob("env/lib/python*/site-packages/*.dist-info/**/aiprov.manifest"))


def test_other_projects_are_left_alone(tmp_path):
    """
    Where aiprov-otel is installed, a project that does not ask for it gets no manifest.
    """
    repo = Repo(tmp_path / "repo")
    repo.commit("pyproject.toml", SETUPTOOLS.replace(', "aiprov_otel>=0.1"', ""))
    repo.commit("shop.py", "x = 1\n")

    (wheel,) = package(repo.path, "--wheel")

    assert in_wheel(wheel) == []
