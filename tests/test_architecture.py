"""What ARCHITECTURE.md states as absences, where an import contract can't see it."""

from __future__ import annotations

import ast
import importlib.util
import re
from graphlib import TopologicalSorter
from pathlib import Path

PACKAGE = Path(importlib.util.find_spec("aiprov_otel").origin).parent
MODULES = {path.relative_to(PACKAGE).as_posix(): path for path in PACKAGE.rglob("*.py")}
SCRIPTS = Path(__file__).parents[1] / "scripts"
GENERATOR = {
    path.relative_to(SCRIPTS).as_posix(): path
    for path in SCRIPTS.joinpath("dashboards").rglob("*.py")
}


def using(matches, modules=MODULES) -> set[str]:
    """The *modules* that have a node for which *matches* holds."""
    return {
        name
        for name, path in modules.items()
        if not name.startswith("demo/data/")
        and any(matches(node) for node in ast.walk(ast.parse(path.read_bytes())))
    }


def file_of(name: str) -> str | None:
    """The file of our module or package *name*; None if it is neither."""
    package, _, rest = name.partition(".")
    path = rest.replace(".", "/")
    files = (f"{path}.py", f"{path}/__init__.py" if path else "__init__.py")
    ours = package == "aiprov_otel"
    return next((file for file in files if ours and file in MODULES), None)


def imported(path: Path) -> set[str | None]:
    """The files of ours that the module at *path* imports, at its top or in a function."""
    files = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            files |= {file_of(alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names = (f"{module}.{alias.name}" for alias in node.names)
            files |= {file_of(name) or file_of(module) for name in names}
    return files - {None}


def test_no_module_imports_itself_by_way_of_others():
    """
    No two modules import each other in a circle, not even late or for their types alone.
    """
    graph = {name: imported(path) for name, path in MODULES.items()}

    assert len(list(TopologicalSorter(graph).static_order())) == len(MODULES)


def test_only_settings_reads_the_environment():
    """
    No module but settings looks a variable up; those that start a process may hand on a copy.
    """
    reading = using(
        lambda node: isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    )

    assert reading <= {
        "settings.py",
        "capture/git_ai.py",
        "history/git/repository.py",
        "cli/run.py",
        "cli/doctor.py",
        "cli/demo.py",
        "lending/__main__.py",
        "lending/bootstrap/sitecustomize.py",  # runs before anything of ours can be imported
        "lending/child.py",  # sets variables of OpenTelemetry around its start
    }


def test_only_attributes_spells_a_key():
    """
    No module but attributes holds the text of an attribute key; nor does what generates dashboards.
    """

    def is_key(node: ast.AST) -> bool:
        text = node.value if isinstance(node, ast.Constant) else None
        return isinstance(text, str) and text in keys

    from aiprov_otel import attributes

    keys = {
        value
        for name, value in vars(attributes).items()
        if name.isupper() and isinstance(value, str)
    }
    assert using(is_key, MODULES | GENERATOR) == {"attributes.py"}


def test_every_room_has_a_row_in_the_architecture():
    """
    ARCHITECTURE.md names each room, and no room that is not there.
    """
    page = (Path(__file__).parents[1] / "ARCHITECTURE.md").read_text()
    named = {
        name.removesuffix("/")
        for cell in re.findall(r"^\| (`.*?) \|", page, re.MULTILINE)
        for name in re.findall(r"`(.+?)`", cell)
    }

    rooms = {Path(name).parts[0].removesuffix(".py") for name in MODULES}
    assert named == {room for room in rooms if not room.startswith("__")}
