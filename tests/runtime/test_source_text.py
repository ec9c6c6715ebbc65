"""Source files as they were loaded."""

from __future__ import annotations

import colorsys
import json
import os
import zipfile
from pathlib import Path

import opentelemetry.trace
import pytest

from aiprov_otel.runtime import libraries, source_text

SOURCE = b"""\
@decorator
@another(
    lambda: 1
)
async def f():
    matrix = (a
        @ b)

class C:
    def m(self): pass
"""


def test_the_layout_is_read_without_compiling():
    """
    Decorators, and the definitions below them, are found whatever the line endings.
    """
    for ending in (b"\n", b"\r\n", b"\r"):
        layout = source_text.Layout.of(SOURCE.replace(b"\n", ending))

        assert (layout.decorators, layout.definitions) == ((1, 2, 7), (5, 9))
        assert [layout.definition(line) for line in (1, 2, 5, 9, 10)] == [5, 5, 5, 9, 10]


def test_a_decorator_without_a_definition_is_its_own_line():
    """
    Where a file ends in the middle, no line is made up.
    """
    assert source_text.Layout.of(b"@decorator\n").definition(1) == 1


def test_what_belongs_to_python_is_known():
    """
    The standard library and what is no file, but not what was installed beside them.
    """
    assert libraries.is_stdlib(json.__file__)
    assert libraries.is_stdlib(colorsys.__file__)
    assert libraries.is_stdlib("<string>")
    assert not libraries.is_stdlib(opentelemetry.trace.__file__)
    assert libraries.is_library(opentelemetry.trace.__file__)
    assert not libraries.is_stdlib(__file__)
    assert not libraries.is_library(__file__)


def test_an_installed_file_has_one_name():
    """
    Below site-packages, a file is known by its import path and by no shorter tail.
    """
    assert list(source_text.names(opentelemetry.trace.__file__)) == [
        "opentelemetry/trace/__init__.py"
    ]


def test_other_files_have_a_name_for_each_folder(monkeypatch):
    """
    Any tail with a folder counts; the bare name where it can be imported.
    """
    assert list(source_text.names("/srv/shop/cart.py")) == [
        "/srv/shop/cart.py",
        "srv/shop/cart.py",
        "shop/cart.py",
    ]
    monkeypatch.syspath_prepend("/srv")
    assert list(source_text.names("/srv/main.py"))[-1] == "main.py"
    assert list(source_text.names("main.py")) == ["main.py"]


@pytest.mark.parametrize("name", ["/no/such/file.py", "", "a\0b", "/etc", "<string>"])
def test_what_can_t_be_read_is_none(name):
    """
    No file, a folder, and what is no name at all have no source and no age.
    """
    assert source_text.read(name) is None
    assert not (source_text.is_younger(name) and name != "/etc")


def test_a_file_in_a_zip_is_read(tmp_path):
    """
    A path into an archive is a path; into another file it is none.
    """
    archive = tmp_path / "app.pyz"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("shop/cart.py", "x = 1\n")
    (tmp_path / "plain").write_text("no archive")

    assert source_text.read(f"{archive}/shop/cart.py") == b"x = 1\n"
    assert source_text.read(f"{archive}/shop/other.py") is None
    assert source_text.read(f"{tmp_path}/plain/cart.py") is None


def test_a_file_is_young_if_it_was_written_since(tmp_path):
    """
    The time of the process decides, not that of the look.
    """
    file = Path(tmp_path / "f.py")
    file.touch()
    for moment, young in ((source_text.STARTED - 1, False), (source_text.STARTED + 1, True)):
        os.utime(file, (moment, moment))
        assert source_text.is_younger(str(file)) is young
