from __future__ import annotations

import pytest

from aiprov_otel.errors import PolicyError
from aiprov_otel.history.policy_schema import read_section


def test_a_file_without_the_table(tmp_path):
    """
    A pyproject.toml that is missing, or is about other tools, says nothing.
    """
    assert read_section(tmp_path / "pyproject.toml") == {}
    (tmp_path / "pyproject.toml").write_text("[tool.other]\nkey = 1\n")

    assert read_section(tmp_path / "pyproject.toml") == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"[tool.aiprov\n", "is not valid TOML"),
        (b"\xff", "is not valid TOML"),
        (b"[tool]\naiprov = 3\n", "has to be a table of keys"),
    ],
)
def test_a_file_that_can_not_be_used(tmp_path, text, message):
    """
    A pyproject.toml that is broken is said to be, in one line.
    """
    (tmp_path / "pyproject.toml").write_bytes(text)

    with pytest.raises(PolicyError, match=message) as caught:
        read_section(tmp_path / "pyproject.toml")

    assert "\n" not in str(caught.value)
