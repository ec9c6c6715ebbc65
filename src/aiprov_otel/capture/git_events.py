"""The events of git's own hooks; each loads what it needs."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from aiprov_otel.capture.journal import PENDING, Journal


def handle(journal: Journal, arguments: Sequence[str]) -> None:
    """Handles the hook that *arguments* name, with what git gives to it."""
    hook, *rest = arguments
    if hook == "pre-push":
        from aiprov_otel.capture.exchange import push

        push(journal, rest[0])
    elif hook == "prepare-commit-msg":
        from aiprov_otel.capture.trailer import prepare

        with journal.locked():
            prepare(journal, *rest[:2])
    elif hook == "commit-msg":
        if pending := journal.record(PENDING, ""):
            from aiprov_otel.capture.trailer import finish

            with journal.locked():
                finish(journal, rest[0], pending)
    else:
        from aiprov_otel.capture import commits

        with journal.locked():
            if hook == "post-commit":
                commits.after_commit(journal)
            elif hook == "post-rewrite":
                rows = (line.split() for line in sys.stdin.read().splitlines())
                commits.after_rewrite(journal, [(row[0], row[1]) for row in rows if len(row) > 1])
            elif hook == "post-merge":
                commits.after_merge(journal, squash=rest[:1] == ["1"])
