"""What of the user's environment and configuration reaches git: how it works, not on what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# A hook is handed GIT_DIR, GIT_INDEX_FILE and more. Left in place, every git we start would
# answer about that repository, whatever our working directory. These say how git works, not on
# what; safe.directory often comes in through them.
_KEEP: Final = {
    "GIT_CEILING_DIRECTORIES",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_EXEC_PATH",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSL_CAINFO",
}
_KEEP_PREFIXES: Final = ("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_")

# What a user's configuration could change about an answer is set to git's own default.
_CONFIG: Final = {
    "blame.markIgnoredLines": "false",
    "blame.markUnblamableLines": "false",
    "core.fsmonitor": "false",
    "core.quotePath": "false",
    "diff.algorithm": "default",
    "diff.indentHeuristic": "true",
}

SETTINGS: Final = tuple(word for key, value in _CONFIG.items() for word in ("-c", f"{key}={value}"))
"""The options of git that put its configuration right."""


def environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """*inherited* without what would point git at another repository, and with plain output."""
    kept = {
        name: value
        for name, value in inherited.items()
        if not name.startswith("GIT_") or name in _KEEP or name.startswith(_KEEP_PREFIXES)
    }
    # Optional locks are for refreshing the index; a reader leaves it alone.
    return {**kept, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
