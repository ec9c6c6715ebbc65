from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiprov_otel.history.evidence.git_ai import Log, parse_log, to_record
from aiprov_otel.values import Evidence, Origin
from support.notes import CLAUDE, git_ai

HEX = "0123456789abcdef"
CURSOR = {"agent_id": {"tool": "cursor", "id": "1", "model": "claude-4.5-opus-high-thinking"}}


def read(log, elsewhere=None):
    """By path and line, the mark of each line that *log* names."""
    data = log if isinstance(log, bytes) else log.encode()
    found = to_record(parse_log(data) or Log(), "refs/notes/ai", (elsewhere or {}).get)
    return {
        (path, number): one.mark
        for path, stretches in found.items()
        for one in stretches
        for number in range(one.first, one.last + 1)
    }


def origins(log, elsewhere=None):
    """The origin of each line of the only file of *log*."""
    return {line: mark.origin.value for (_, line), mark in read(log, elsewhere).items()}


@pytest.mark.parametrize(
    ("key", "origin", "agent", "model"),
    [
        ("s_0123456789abcd::t_00000000000000", Origin.AI, "claude-code", "claude-opus-4-6"),
        ("s_0123456789abcd", Origin.AI, "claude-code", "claude-opus-4-6"),
        ("h_0123456789abcd", Origin.HUMAN, None, None),
        (HEX, Origin.AI, "cursor", "claude-opus-4-5"),
        (HEX[:7], Origin.AI, "cursor", "claude-opus-4-5"),
        ("01234567-89ab-cdef-0123-456789abcdef", Origin.AI, "cursor", "claude-opus-4-5"),
        ("ai_agent", Origin.AI, None, None),
        ("human", Origin.HUMAN, None, None),
    ],
)
def test_every_kind_of_key(key, origin, agent, model):
    """
    A key leads to a session, a prompt or a person, by its form.
    """
    log = git_ai(
        {"a.py": {key: "2"}},
        sessions={"s_0123456789abcd": CLAUDE},
        humans={"h_0123456789abcd": {"author": "Ada <ada@example.org>"}},
        prompts=dict.fromkeys((HEX, HEX[:7], "01234567-89ab-cdef-0123-456789abcdef"), CURSOR),
    )

    [(place, mark)] = read(log).items()

    assert place == ("a.py", 2)
    assert (mark.origin, mark.agent, mark.model) == (origin, agent, model)
    assert (mark.evidence, mark.where) == (Evidence.NOTE, "refs/notes/ai")


@pytest.mark.parametrize(
    ("tool", "agent"),
    [
        ("claude", "claude-code"),
        ("claude-web", "claude-code"),
        ("codex", "openai-codex"),
        ("codex-cloud", "openai-codex-cloud"),
        ("cursor-agent", "cursor"),
        ("github-copilot", "github-copilot"),
        ("github-copilot-cli", "github-copilot-cli"),
        ("github-copilot-jetbrains", "github-copilot"),
        ("gemini", "gemini-cli"),
        ("windsurf", "windsurf-cascade"),
        ("amp", "amp"),
        ("droid", "factory-droid"),
        ("opencode", "opencode"),
        ("pi", "pi"),
        ("cline", "cline"),
        ("continue-cli", "continue"),
        ("firebender", "firebender"),
        ("junie", "jetbrains-junie"),
        ("devin", "devin"),
        ("mock_ai", None),
        ("Jane Doe", None),
        ("", None),
        (7, None),
    ],
)
def test_every_tool(tool, agent):
    """
    A tool has the slug of the table, whatever git-ai calls it; a stranger has none.
    """
    log = git_ai({"a.py": {HEX: "1"}}, prompts={HEX: {"agent_id": {"tool": tool, "model": "x"}}})

    assert read(log)["a.py", 1].agent == agent


def test_a_session_without_a_tool():
    """
    A session whose tool is a person is a person's.
    """
    log = git_ai({"a.py": {HEX: "1"}}, prompts={HEX: {"agent_id": {"tool": "human"}}})

    assert origins(log) == {1: "human"}


def test_ranges_in_any_order():
    """
    Lines may be listed in any order and twice; of two keys the last entry has the line.
    """
    log = git_ai({"a.py": {"ai_agent": "7,2-4,3-5,1", "human": "4-4"}})

    assert origins(log) == {1: "ai", 2: "ai", 3: "ai", 4: "human", 5: "ai", 7: "ai"}


def test_a_key_that_leads_nowhere():
    """
    A session or a person that is not in the note says nothing, and the entry before it counts.
    """
    log = git_ai({"a.py": {"ai_agent": "1", "s_f::t_0": "1-2", "h_f": "1-3", HEX: "4"}})

    assert origins(log) == {1: "ai"}


def test_a_key_of_another_note():
    """
    A bare key may stand in another note.
    """
    log = git_ai({"a.py": {HEX: "1", "s_f": "2"}})

    assert origins(log, {HEX: CURSOR, "s_f": CURSOR}) == {1: "ai"}
    assert read(log, {HEX: CURSOR})["a.py", 1].agent == "cursor"


def test_paths_with_blanks():
    """
    A path in quotes is the path between them.
    """
    log = git_ai({"price list.py": {"ai_agent": "1"}, "b.py": {"ai_agent": "1"}})

    assert set(read(log)) == {("price list.py", 1), ("b.py", 1)}


def test_nothing_attested():
    """
    A log without entries is a log.
    """
    assert read(git_ai({})) == {}
    assert read('---\n{"schema_version": "authorship/3.0.0"}') == {}


@pytest.mark.parametrize(
    "ranges", ["0", "5-3", "x", "1;2", "", "1-", "-3", "1--2", "99999999999", "1 2"]
)
def test_ranges_that_are_none(ranges):
    """
    An invalid range of lines is left out, and the rest of the log counts.
    """
    assert origins(git_ai({"a.py": {"ai_agent": ranges, "human": "9"}})) == {9: "human"}


def test_the_first_logs():
    """
    Before there were notes a log was JSON, with authors and their lines.
    """
    files = {"a.py": {"authors": [{"author": "Claude", "lines": [1, [3, 4], "x", [5], True]}]}}
    files["b.py"] = {"authors": [{"author": "Ada Lovelace", "lines": [2]}]}

    found = read(json.dumps({"files": files, "schema_version": "authorship/0.0.1"}))

    assert {place: mark.agent for place, mark in found.items()} == {
        ("a.py", 1): "claude-code",
        ("a.py", 3): "claude-code",
        ("a.py", 4): "claude-code",
        ("b.py", 2): None,
    }
    assert found["b.py", 2].origin is Origin.HUMAN


def test_a_key_that_may_be_anything_is_not_repeated():
    """
    What is shown of a key is shown because it has the form of one.
    """
    log = git_ai({"a.py": {"jane@example.org": "1"}}, prompts={"jane@example.org": CURSOR})

    assert read(log)["a.py", 1].text == "a key of another form"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([HEX, "agent_id", "tool", "model", "files", "a"]), inner)
    ),
    max_leaves=12,
)


@given(st.binary() | st.text().map(str.encode))
def test_reading_any_note_never_raises(note):
    """
    Whatever hangs on a commit, reading it never raises.
    """
    read(note)


@given(JSON, JSON, JSON, st.sampled_from([HEX, "s_f::t_0", "h_f", "human"]))
def test_reading_any_metadata_never_raises(prompts, sessions, humans, key):
    """
    A log that is well formed, with metadata of any other shape, never raises either.
    """
    read(git_ai({"a.py": {key: "1-3"}}, prompts=prompts, sessions=sessions, humans=humans))
    read(json.dumps({"files": prompts}))


LINES = st.sets(st.integers(1, 60), min_size=1, max_size=20)
PATHS = st.text("abc/. _\u00e9\u4e16", min_size=1, max_size=12).filter(
    lambda path: path == path.strip() and path != "---"
)


@given(st.dictionaries(PATHS, st.dictionaries(st.sampled_from([HEX, "human"]), LINES, max_size=2)))
def test_what_is_written_is_read(files):
    """
    Of each file every line that a log names is found again, under its last key.
    """
    written = {
        path: {key: ",".join(map(str, sorted(lines, reverse=True))) for key, lines in keys.items()}
        for path, keys in files.items()
    }
    expected = {
        (path, line): Origin.HUMAN if key == "human" else Origin.AI
        for path, keys in files.items()
        for key, lines in keys.items()
        for line in lines
    }

    found = read(git_ai(written, prompts={HEX: CLAUDE}))

    assert {place: mark.origin for place, mark in found.items()} == expected
