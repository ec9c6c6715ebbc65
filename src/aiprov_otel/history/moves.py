"""How far blame follows lines that were moved or copied."""

from __future__ import annotations

from enum import StrEnum


class Moves(StrEnum):
    """What `moves` of the policy may be."""

    NONE = "none"
    WITHIN_FILES = "within-files"
    BETWEEN_FILES = "between-files"

    @property
    def options(self) -> tuple[str, ...]:
        """What makes `git blame` do so."""
        return {Moves.WITHIN_FILES: ("-M",), Moves.BETWEEN_FILES: ("-C",)}.get(self, ())
