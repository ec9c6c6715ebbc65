"""
The exception tree.

    AiprovError                what the caller can mend; the message says how
    ├── ManifestError          a manifest that can't be read, or isn't one
    │   └── ManifestNotFound
    ├── HistoryError           git is missing, or this is no repository it can read
    ├── PolicyError            `[tool.aiprov]` holds a value that can't be
    ├── StoreError             the telemetry store can't be opened, read or written
    └── UsageError             the command line or an argument is wrong
"""


class AiprovError(Exception):
    """
    Base of every error that aiprov_otel raises on purpose.

    The message is one line: what happened, to what, and what to do next.
    """


class ManifestError(AiprovError):
    """A manifest is truncated, foreign, newer than this version, or fails its integrity check."""


class ManifestNotFound(ManifestError):
    """There is no manifest where one was asked for."""


class HistoryError(AiprovError):
    """Git is missing, failed, or was pointed at something that is no repository."""


class PolicyError(AiprovError):
    """A value of `[tool.aiprov]` can't be used."""


class StoreError(AiprovError):
    """The telemetry store can't be opened, read or written."""


class UsageError(AiprovError):
    """An argument or a combination of arguments makes no sense."""
