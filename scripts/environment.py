"""
Make the virtual environments under .venv/, and keep each while nothing that it holds has changed.

    python scripts/environment.py NAME PIP_ARGUMENT...

makes one, installs this tree into it anew, and prints the folder of its commands.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".venv"


def environment(name: str, python: str, *arguments: str) -> Path:
    """The commands of the environment *name*: *python* and what pip installs by *arguments*."""
    folder = HOME / name
    stamp = folder / "stamp"
    wanted = _fingerprint(python, arguments)
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"making {folder.relative_to(ROOT)} …", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        run(python, "-m", "venv", str(folder))
        # `--group` came with pip 25.1; the pip that ships with an interpreter may be older.
        pip(folder / "bin", "--upgrade", "pip>=25.1")
        pip(folder / "bin", *arguments)
        stamp.write_text(wanted)
    return folder / "bin"


def pip(commands: Path, *arguments: str) -> None:
    """Install by *arguments* into the environment that *commands* belong to."""
    quiet = ("--quiet", "--disable-pip-version-check", "--no-input")
    # Python compiles the modules it imports, a few in a hundred; to compile all takes a minute.
    lazily = "--no-compile"
    run(str(commands / "python"), "-m", "pip", "install", *quiet, lazily, *arguments)


def install(commands: Path, project: str) -> None:
    """Put *project*, a wheel or a tree, in the place of the aiprov-otel that is there."""
    pip(commands, "--no-deps", "--force-reinstall", project)


def run(*command: str) -> None:
    """Run *command* at the root of the repository; if it fails, end with its status."""
    done = subprocess.run(command, cwd=ROOT, env=clean(), stdout=sys.stderr, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def clean() -> dict[str, str]:
    """This environment without what would make `src/` importable, or configure what is tested."""
    ours = ("AIPROV_", "OTEL_")
    return {k: v for k, v in os.environ.items() if k != "PYTHONPATH" and not k.startswith(ours)}


def _fingerprint(python: str, arguments: tuple[str, ...]) -> str:
    version = subprocess.check_output([python, "-VV"], text=True)
    project = (ROOT / "pyproject.toml").read_text()
    return hashlib.sha256("\0".join((python, version, project, *arguments)).encode()).hexdigest()


if __name__ == "__main__":
    made = environment(sys.argv[1], sys.executable, *sys.argv[2:])
    install(made, ".")
    print(made)
