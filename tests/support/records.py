"""Log records as a provider hands them to its exporter, with every supported version of the SDK."""

from __future__ import annotations

from typing import Any

from opentelemetry.sdk._logs import LoggerProvider, export
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor

_Exporter: Any = getattr(export, "InMemoryLogRecordExporter", None) or getattr(
    export, "InMemoryLogExporter", None
)


class Records:
    """A provider of OpenTelemetry's logs API, and the records that it exported."""

    def __init__(self) -> None:
        self._memory = _Exporter()
        self.provider = LoggerProvider(shutdown_on_exit=False)
        self.provider.add_log_record_processor(SimpleLogRecordProcessor(self._memory))
        self.logger = self.provider.get_logger("a library")

    @property
    def all(self) -> list[Any]:
        """Each record, as it was when it was exported."""
        return [each.log_record for each in self._memory.get_finished_logs()]

    @property
    def only(self) -> Any:
        """The one record."""
        (found,) = self.all
        return found

    @property
    def said(self) -> dict[str, Any]:
        """The attributes of the one record."""
        return dict(self.only.attributes or {})
