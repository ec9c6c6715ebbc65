"""Which attributes leave the process: all of them, or fewer by the user's choice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from aiprov_otel import attributes
from aiprov_otel.attributes import Attributes
from aiprov_otel.settings import Commits, Extent
from aiprov_otel.values import Origin, Provenance, Unit

_MINIMAL: Final = {
    attributes.ORIGIN,
    attributes.MODEL_NAME,
    attributes.COMMIT_ID,
    attributes.EXCEPTION_ORIGIN,
    attributes.ERROR_ORIGIN,
}


@dataclass(frozen=True, slots=True)
class Emission:
    """
    What is sent about a unit, an exception and a failed span.

    Attributes:
        extent: `minimal` for origin, model, commit and the exception's and error's origin only.
        commits: `ai-only` leaves out the hashes of commits that people wrote.
    """

    extent: Extent = "all"
    commits: Commits = "all"

    def of_unit(self, provenance: Provenance, unit: Unit) -> Attributes:
        """The attributes of a span that stands for *unit*."""
        return self._chosen(attributes.of_unit(self._without_commit(provenance), unit))

    def of_log(self, provenance: Provenance) -> Attributes:
        """The attributes of a log record."""
        return self._chosen(attributes.of_log(self._without_commit(provenance)))

    def of_exception(self, raised: Provenance, cause: Provenance | None) -> Attributes:
        """The attributes of an exception event."""
        told = self._without_commit(cause) if cause else None
        return self._chosen(attributes.of_exception(self._without_commit(raised), told))

    def of_error(self, raised: Provenance) -> Attributes:
        """The attributes of a span that failed."""
        return self._chosen(attributes.of_error(self._without_commit(raised)))

    def of_code(self, function: str, path: str, line: int) -> Attributes:
        """`code.*`; nothing where only the minimum is sent."""
        return attributes.of_code(function, path, line) if self.extent == "all" else {}

    def _without_commit(self, provenance: Provenance) -> Provenance:
        if self.commits == "all" or provenance.origin in {Origin.AI, Origin.MIXED}:
            return provenance
        return replace(provenance, commit=None)

    def _chosen(self, found: Attributes) -> Attributes:
        if self.extent == "all":
            return found
        return {key: value for key, value in found.items() if key in _MINIMAL}
