from __future__ import annotations

from aiprov_otel.history.source_files import count_languages


def test_other_languages():
    """
    The end of a name says the language, in either case; a folder's name says nothing.
    """
    paths = ("b.go", "c.go", "d.pyx", "e.pyi", "f.JS", "README.md", "Makefile", "x.c/y")

    assert count_languages(paths) == {"Go": 2, "Cython": 1, "Python stub": 1, "JavaScript": 1}
