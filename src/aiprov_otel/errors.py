"""
The exception tree.

    AiprovError                something the caller can fix; the message explains how
    ├── ManifestError          a manifest can't be read, or the file is not one
    │   └── ManifestNotFound
    ├── HistoryError           git is missing, or can't read this as a repository
    ├── PolicyError            `[tool.aiprov]` holds an invalid value
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
    """No manifest at the given path."""


class HistoryError(AiprovError):
    """Git is missing, failed, or was pointed at something that is not a repository."""


class PolicyError(AiprovError):
    """A value of `[tool.aiprov]` is invalid."""


class StoreError(AiprovError):
    """The telemetry store can't be opened, read or written."""


class UsageError(AiprovError):
    """An argument, or a combination of arguments, is invalid."""
