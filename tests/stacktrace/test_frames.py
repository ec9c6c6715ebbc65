"""A stack trace keeps its text, and its application frames say who wrote them."""

from __future__ import annotations

import time
import traceback

import pytest

from aiprov_otel.manifest import Manifest, Run, SourceFile, content_hash, dump
from aiprov_otel.stacktrace.frames import annotate, fold_foreign
from aiprov_otel.values import Evidence, Match, Origin, Provenance

COMMIT = "9fd81c2" + "0" * 33


@pytest.fixture
def shop(tmp_path):
    """A module on disk, whose even lines a model wrote, and its manifest."""
    source = (
        "def quote(order):\n"
        "    return order['price']\n"
        "def total(orders):\n"
        "    return sum(quote(order) for order in orders)\n"
        "def chained():\n"
        "    try:\n"
        "        quote({})\n"
        "    except KeyError as error:\n"
        "        raise ValueError('File \"x.py\", line 3') from error\n"
        "def grouped():\n"
        "    errors = []\n"
        "    for call in (chained, lambda: quote({})):\n"
        "        try:\n"
        "            call()\n"
        "        except Exception as error:\n"
        "            errors.append(error)\n"
        "    raise ExceptionGroup('both', errors)\n"
        "def deep(n):\n"
        "    return deep(n - 1) if n else quote({})\n"
    )
    path = tmp_path / "src" / "shop" / "cart one.py"
    path.parent.mkdir(parents=True)
    path.write_text(source)

    def line(number: int) -> Provenance:
        origin = Origin.HUMAN if number % 2 else Origin.AI
        return Provenance(
            origin, commit=COMMIT, evidence=Evidence.FOOTER, path="a", match=Match.EXACT
        )

    runs = tuple(Run(n, 1, line(n)) for n in range(1, source.count("\n") + 1))
    file = SourceFile(
        "src/shop/cart one.py", "shop/cart one.py", content_hash(source.encode()), runs
    )
    dump(tmp_path / "m", [file], revision=COMMIT, repository_url=None, policy={})
    names: dict[str, object] = {}
    exec(compile(source, str(path), "exec"), names)
    return names, Manifest.load(tmp_path / "m")


def trace_of(call, *arguments) -> str:
    try:
        call(*arguments)
    except (KeyError, ValueError, ExceptionGroup) as error:
        return "".join(traceback.format_exception(error))
    raise AssertionError


def frames(lines):
    """Function, line and origin of each frame, once."""
    found = dict.fromkeys((id(line.frame), line.frame) for line in lines if line.frame)
    return [
        (f.function, f.line, f.provenance.origin.value if f.provenance else None) for _, f in found
    ]


def test_application_frames_say_who_wrote_them(shop):
    """Each frame has the provenance of the line that was executing; others have none."""
    names, manifest = shop

    found = frames(annotate(trace_of(names["total"], [{}]), manifest))

    assert found == [
        ("trace_of", pytest.approx(found[0][1]), None),
        ("total", 4, "ai"),
        ("<genexpr>", 4, "ai"),
        ("quote", 2, "ai"),
    ]


@pytest.mark.parametrize("call", ["chained", "grouped", "deep"])
@pytest.mark.parametrize("known", [True, False])
def test_no_line_is_lost_or_changed(shop, call, known):
    """Chained traces, groups and repetitions keep their shape, with and without a manifest."""
    names, manifest = shop
    text = trace_of(names[call], *([500] if call == "deep" else []))

    lines = annotate(text, manifest if known else None)

    assert [line.text for line in lines] == text.splitlines()


def test_a_chained_trace_is_annotated_in_both_parts(shop):
    """The cause and what was raised from it; a message that looks like a frame is none."""
    names, manifest = shop

    found = frames(annotate(trace_of(names["chained"]), manifest))

    assert [one for one in found if one[2]] == [
        ("chained", 7, "human"),
        ("quote", 2, "ai"),
        ("chained", 9, "human"),
    ]


def test_a_group_is_annotated_behind_its_margin(shop):
    """The frames of every exception in a group are found."""
    names, manifest = shop

    found = frames(annotate(trace_of(names["grouped"]), manifest))

    assert [one[:2] for one in found if one[2]] == [
        ("grouped", 17),
        ("chained", 7),
        ("quote", 2),
        ("grouped", 14),
        ("chained", 9),
        ("grouped", 14),
        ("<lambda>", 12),
        ("quote", 2),
    ]


def test_repeated_lines_belong_to_their_frame(shop):
    """`[Previous line repeated …]` is no message."""
    names, manifest = shop

    lines = annotate(trace_of(names["deep"], 500), manifest)

    (repeated,) = [line for line in lines if "[Previous line" in line.text]
    assert repeated.frame.function == "deep"


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("/app/shop/cart one.py", True),
        ("src/shop/cart one.py", True),
        ("C:\\app\\shop\\cart one.py", True),
        ("/v/lib/python3.12/site-packages/shop/cart one.py", True),
        ("/v/lib/python3.12/site-packages/other/shop/cart one.py", False),
        ("/usr/lib/python3.12/shop/cart one.py", False),
        ("/app/cart one.py", False),
        ("<string>", False),
    ],
)
def test_a_file_is_found_where_it_was_deployed(shop, path, known):
    """By the tail of its path; an installed package by its full name, the library never."""
    _, manifest = shop

    (line,) = annotate(f'  File "{path}", line 2, in quote', manifest)

    assert (line.frame.provenance is not None) is known


SHADOWING = ("decoder.py", "types.py", "lib/queue.py")


@pytest.fixture
def shadowing(tmp_path):
    """An application with files that are named as some of the standard library are."""
    line = Run(1, 9, Provenance(Origin.AI, evidence=Evidence.FOOTER, match=Match.EXACT))
    files = [SourceFile(name, name, content_hash(name.encode()), (line,)) for name in SHADOWING]
    dump(tmp_path / "m", files, revision=COMMIT, repository_url=None, policy={})
    return Manifest.load(tmp_path / "m")


@pytest.mark.parametrize(
    "path",
    [
        "/usr/lib/python3.12/json/decoder.py",
        "/usr/lib64/python3.9/json/decoder.py",
        "/usr/local/lib/python3.13t/types.py",
        "/Library/Frameworks/Python.framework/Versions/3.12/lib/python3.12/types.py",
        "/usr/lib/pypy3.10/types.py",
        "/opt/pypy/lib-python/3/types.py",
        "/opt/pypy/lib_pypy/decoder.py",
        "C:\\Python312\\Lib\\types.py",
        "c:\\python312\\lib\\types.py",
        "C:\\Users\\pat\\AppData\\Roaming\\uv\\python\\cpython-3.12.1-windows-x86_64-none\\Lib\\queue.py",
        "C:\\ProgramData\\miniconda3\\Lib\\types.py",
        "C:\\ProgramData\\miniconda3\\Lib\\json\\decoder.py",
        "D:\\app\\python312.zip\\types.py",
        "/tmp/_MEI123/base_library.zip/types.py",
        "json\\decoder.py",
        "/data/user/0/org.shop/files/stdlib/types.py",
        "/opt/libreoffice/program/python-core-3.8.10/lib/types.py",
        "<frozen types.py>",
    ],
)
def test_the_standard_library_is_outside_in_every_layout(shadowing, path):
    """On every system, also where the application has a file of the same name."""
    (line,) = annotate(f'  File "{path}", line 2, in f', shadowing)

    assert line.frame.provenance is None


@pytest.mark.parametrize(
    "path",
    [
        "/app/types.py",
        "types.py",
        "/srv/json/types.py",
        "/srv/http/decoder.py",
        "/app/lib/queue.py",
        "C:\\app\\lib\\queue.py",
        "/srv/python3.12-shop/lib/queue.py",
    ],
)
def test_a_file_of_the_application_may_be_named_as_one_of_the_library(shadowing, path):
    """A name alone makes no file the library's."""
    (line,) = annotate(f'  File "{path}", line 2, in f', shadowing)

    assert line.frame.provenance.origin is Origin.AI


def test_frames_outside_the_application_fold(shop):
    """Runs of foreign frames become one line that counts them; ours and the messages stay."""
    _, manifest = shop
    text = (
        "Traceback (most recent call last):\n"
        '  File "/x/a.py", line 1, in a\n    b()\n    ~^^\n'
        '  File "/x/b.py", line 1, in b\n    c()\n'
        '  File "/app/shop/cart one.py", line 2, in quote\n    return order\n'
        '  File "/x/c.py", line 9, in c\n'
        "KeyError: 'price'"
    )

    shown = [line.text for line in fold_foreign(annotate(text, manifest))]

    assert shown == [
        "Traceback (most recent call last):",
        "  … 2 frames outside the application",
        '  File "/app/shop/cart one.py", line 2, in quote',
        "    return order",
        '  File "/x/c.py", line 9, in c',
        "KeyError: 'price'",
    ]


def test_a_path_of_any_length_is_looked_up(shadowing):
    """
    The time does not grow with the square of the folders in a path.
    """
    began = time.process_time()
    lines = annotate(f'  File "{"../" * 100_000}lib/queue.py", line 2, in get', shadowing)

    assert frames(lines) == [("get", 2, "ai")]
    assert time.process_time() - began < 2
