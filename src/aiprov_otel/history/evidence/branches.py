"""The names of branches, which some agents begin in one way: a weak sign."""

from __future__ import annotations

from aiprov_otel.history.evidence.agents import Table
from aiprov_otel.history.evidence.commit_message import Mark
from aiprov_otel.values import Evidence


def branch_mark(branch: str, where: str, table: Table) -> Mark | None:
    """The mark that the name *branch* is, found at *where*; None for any other branch."""
    row = table.by_branch(branch)
    if row is None:
        return None
    begins = next(text for text in row.branches if branch.lower().startswith(text))
    # The rest of the name may hold that of a person.
    provider = table.providers.get(row.agent or "")
    return Mark(row.id, Evidence.BRANCH, row.agent, None, provider, f"branch of {where}", begins)
