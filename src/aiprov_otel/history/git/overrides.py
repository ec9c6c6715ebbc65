"""
Overrides of git's settings: none may start a program, and none may change what we parse.

A repository that was unpacked from an archive brings its own `.git/config`; a user's own settings
would make two machines give two answers. Each git command gets these settings.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

_PROGRAMS: Final = {
    "core.askPass": "true",  # answers a question for a password with nothing
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.sshCommand": "false",
    "credential.helper": "",
    "gc.auto": "0",
    "gpg.program": "false",
    "gpg.ssh.program": "false",
    "gpg.x509.program": "false",
    "http.saveCookies": "false",  # writes a file
    "log.showSignature": "false",
    "maintenance.auto": "false",
    "safe.bareRepository": "explicit",  # a tracked folder may look like a repository
}
_ANSWERS: Final = {
    "blame.blankBoundary": "false",
    "blame.coloring": "none",
    "blame.date": "iso",
    "blame.markIgnoredLines": "false",
    "blame.markUnblamableLines": "false",
    "blame.showEmail": "false",
    "blame.showRoot": "false",
    "color.ui": "false",
    "column.ui": "never",
    "core.attributesFile": os.devnull,
    "core.bigFileThreshold": "512m",
    "core.quotePath": "false",
    "core.sparseCheckout": "false",
    "core.splitIndex": "false",
    "core.symlinks": "true",
    "core.untrackedCache": "false",
    "core.useReplaceRefs": "true",
    "diff.algorithm": "default",
    "diff.colorMoved": "no",
    "diff.context": "3",
    "diff.ignoreSubmodules": "none",
    "diff.indentHeuristic": "true",
    "diff.interHunkContext": "0",
    "diff.mnemonicPrefix": "false",
    "diff.noprefix": "false",
    "diff.relative": "false",
    "diff.renames": "true",
    "diff.submodule": "short",
    "diff.suppressBlankEmpty": "false",
    "diff.wsErrorHighlight": "none",
    "i18n.logOutputEncoding": "UTF-8",
    "index.sparse": "false",
    "log.mailmap": "false",
    "mailmap.blob": "",
    "mailmap.file": os.devnull,
    "submodule.recurse": "false",
}
OVERRIDES: Final = {**_PROGRAMS, **_ANSWERS}
"""What each setting is for every command of ours."""

# The same for settings that have a name of the repository's own in the middle.
_NAMED: Final = {
    ("credential", "helper"): "",
    ("filter", "clean"): "",
    ("filter", "process"): "",
    ("filter", "required"): "false",
    ("filter", "smudge"): "",
    ("hook", "command"): "true",
    ("hook", "enabled"): "false",
    ("http", "savecookies"): "false",
    ("remote", "uploadpack"): "git-upload-pack",
}

LIST: Final = ("config", "--list", "-z", "--show-scope")
"""The arguments that print what `Configuration` parses."""

OFFLINE: Final = {"GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}
"""Variables that keep git from any remote, also where a partial clone lacks an object."""

# `ext::` and helpers of other names run any command.
ONLINE: Final = {"GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh", "GIT_PROXY_COMMAND": ""}
"""Variables that let git ask a remote, but start no program that a repository names."""

_CREDENTIAL_HELPER: Final = re.compile(r"credential\.(.+\.)?helper", re.DOTALL)
_OWN_SCOPES: Final = {b"system", b"global"}


@dataclass(frozen=True)
class Configuration:
    """
    The configuration of a repository, as `LIST` prints it.

    Attributes:
        listing: scope and entry in turns; an entry is a key, a line feed and a value.
    """

    listing: bytes

    @cached_property
    def _entries(self) -> list[tuple[bytes, str, str]]:
        words = self.listing.split(b"\0")
        rows = zip(words[::2], words[1::2], strict=False)
        pairs = ((scope, entry.partition(b"\n")) for scope, entry in rows)
        return [(scope, os.fsdecode(key), os.fsdecode(value)) for scope, (key, _, value) in pairs]

    @cached_property
    def is_partial(self) -> bool:
        """Whether the clone lacks objects that git would fetch when it needs them."""
        return any(
            key == "extensions.partialclone"
            or (key.startswith("remote.") and key.endswith(".promisor"))
            for _, key, _ in self._entries
        )

    @cached_property
    def named_overrides(self) -> dict[str, str]:
        """The overrides of the settings that have a name in the middle."""
        return dict(_named_overrides(key for _, key, _ in self._entries))

    @cached_property
    def transport_settings(self) -> list[tuple[str, str]]:
        """The programs that the user, and not the repository, has set up to reach a remote."""
        own = [(key, value) for scope, key, value in self._entries if scope in _OWN_SCOPES]
        ssh = [value for key, value in own if key == "core.sshcommand"] or ["ssh"]
        helpers = [pair for pair in own if _CREDENTIAL_HELPER.fullmatch(pair[0])]
        return [("core.sshCommand", ssh[-1]), *helpers]

    def values(self, wanted: str) -> list[str]:
        """The values of the key *wanted*, in the order in which git reads them."""
        return [value for _, key, value in self._entries if key == wanted]


def _named_overrides(keys: Iterable[str]) -> Iterator[tuple[str, str]]:
    for key in keys:
        section, _, rest = key.partition(".")
        name, dot, _ = rest.rpartition(".")
        for (other, variable), value in _NAMED.items():
            if dot and section == other:
                yield f"{section}.{name}.{variable}", value
