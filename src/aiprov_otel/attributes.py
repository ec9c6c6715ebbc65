"""Every attribute key, once, and the mappings that put provenance on telemetry."""

from __future__ import annotations

from typing import Final, TypeAlias

from aiprov_otel.values import Origin, Outcome, Provenance, Strength, Unit

Attributes: TypeAlias = dict[str, str | int | float]

ORIGIN: Final = "aiprov.origin"
AGENT_NAME: Final = "aiprov.agent.name"
MODEL_NAME: Final = "aiprov.model.name"
MODEL_PROVIDER: Final = "aiprov.model.provider"
COMMIT_ID: Final = "aiprov.commit.id"
COMMIT_TIME: Final = "aiprov.commit.time"
FILE_PATH: Final = "aiprov.file.path"
EVIDENCE_KIND: Final = "aiprov.evidence.kind"
EVIDENCE_STRENGTH: Final = "aiprov.evidence.strength"
AI_RATIO: Final = "aiprov.ai_ratio"
MATCH: Final = "aiprov.match"
UNIT: Final = "aiprov.unit"

EXCEPTION_ORIGIN: Final = "aiprov.exception.origin"
EXCEPTION_AGENT_NAME: Final = "aiprov.exception.agent.name"
EXCEPTION_MODEL_NAME: Final = "aiprov.exception.model.name"
EXCEPTION_COMMIT_ID: Final = "aiprov.exception.commit.id"
EXCEPTION_COMMIT_TIME: Final = "aiprov.exception.commit.time"
EXCEPTION_EVIDENCE_KIND: Final = "aiprov.exception.evidence.kind"
EXCEPTION_HANDLED: Final = "aiprov.exception.handled"
EXCEPTION_REPEATED: Final = "aiprov.exception.repeated"
EXCEPTION_CAUSE_ORIGIN: Final = "aiprov.exception.cause.origin"
EXCEPTION_CAUSE_COMMIT_ID: Final = "aiprov.exception.cause.commit.id"

ERROR_ORIGIN: Final = "aiprov.error.origin"
ERROR_AGENT_NAME: Final = "aiprov.error.agent.name"
ERROR_MODEL_NAME: Final = "aiprov.error.model.name"
ERROR_COMMIT_ID: Final = "aiprov.error.commit.id"
ERROR_OUTCOME: Final = "aiprov.error.outcome"

CODE_FUNCTION_NAME: Final = "code.function.name"
CODE_FILE_PATH: Final = "code.file.path"
CODE_LINE_NUMBER: Final = "code.line.number"
CODE: Final = (CODE_FUNCTION_NAME, CODE_FILE_PATH, CODE_LINE_NUMBER)

ERROR_TYPE: Final = "error.type"
HTTP_STATUS: Final = ("http.response.status_code", "http.status_code")
GRPC_STATUS: Final = ("rpc.grpc.status_code", "rpc.response.status_code")
RUN_ID: Final = "aiprov.run.id"
VCS_REF_HEAD_REVISION: Final = "vcs.ref.head.revision"
VCS_REPOSITORY_URL_FULL: Final = "vcs.repository.url.full"

EXCEPTIONS: Final = "aiprov.exceptions"
EXCEPTIONS_UNIT: Final = "{exception}"
FUNCTION_CALLS: Final = "aiprov.function.calls"
FUNCTION_CALLS_UNIT: Final = "{call}"
FUNCTION_TIME: Final = "aiprov.function.time"
FUNCTION_SELF_TIME: Final = "aiprov.function.self_time"
FUNCTION_DURATION: Final = "aiprov.function.duration"
CODE_LINES: Final = "aiprov.code.lines"
CODE_LINES_UNIT: Final = "{line}"
OTHER: Final = "_OTHER"  # the fallback of `error.type` in the semantic conventions


def of_unit(provenance: Provenance, unit: Unit) -> Attributes:
    """The attributes of a span that stands for *unit*; absent values are absent."""
    return _present(
        {
            ORIGIN: provenance.origin.value,
            AGENT_NAME: provenance.agent,
            MODEL_NAME: provenance.model,
            MODEL_PROVIDER: provenance.provider,
            COMMIT_ID: provenance.commit,
            COMMIT_TIME: provenance.time,
            FILE_PATH: provenance.path,
            EVIDENCE_KIND: provenance.evidence.value,
            EVIDENCE_STRENGTH: provenance.strength.value,
            AI_RATIO: provenance.ai_ratio,
            MATCH: provenance.match.value,
            UNIT: unit.value,
        }
    )


def of_log(provenance: Provenance) -> Attributes:
    """The attributes of a log record: the line that logged."""
    return _present(
        {
            ORIGIN: provenance.origin.value,
            AGENT_NAME: provenance.agent,
            MODEL_NAME: provenance.model,
            COMMIT_ID: provenance.commit,
            EVIDENCE_KIND: provenance.evidence.value,
            MATCH: provenance.match.value,
        }
    )


def of_exception(raised: Provenance, cause: Provenance | None = None) -> Attributes:
    """The attributes of an exception event: the line that *raised*, and its explicit *cause*."""
    return _present(
        {
            EXCEPTION_ORIGIN: raised.origin.value,
            EXCEPTION_AGENT_NAME: raised.agent,
            EXCEPTION_MODEL_NAME: raised.model,
            EXCEPTION_COMMIT_ID: raised.commit,
            EXCEPTION_COMMIT_TIME: raised.time,
            EXCEPTION_EVIDENCE_KIND: raised.evidence.value,
            FILE_PATH: raised.path,
            EXCEPTION_CAUSE_ORIGIN: cause.origin.value if cause else None,
            EXCEPTION_CAUSE_COMMIT_ID: cause.commit if cause else None,
        }
    )


def of_error(raised: Provenance) -> Attributes:
    """The attributes of a span that failed because of the line that *raised*."""
    return _present(
        {
            ERROR_ORIGIN: raised.origin.value,
            ERROR_AGENT_NAME: raised.agent,
            ERROR_MODEL_NAME: raised.model,
            ERROR_COMMIT_ID: raised.commit,
        }
    )


def of_lines(origin: Origin, model: str | None, strength: Strength) -> Attributes:
    """The attributes of deployed lines of code."""
    return _present({ORIGIN: origin.value, MODEL_NAME: model, EVIDENCE_STRENGTH: strength.value})


def of_function(provenance: Provenance, name: str | None) -> Attributes:
    """The attributes of calls of functions; *name* where each function is reported alone."""
    lines = of_lines(provenance.origin, provenance.model, provenance.strength)
    return lines | _present({CODE_FUNCTION_NAME: name})


def of_raised(
    origin: str,
    model: str | None,
    error_type: str,
    outcome: Outcome | None = None,
    *,
    swallowed: bool = False,
) -> Attributes:
    """
    The attributes of one kind of counted exceptions; no *outcome* where it can't be known.

    They were *swallowed* if an `except` in instrumented code handled them.
    """
    return _present(
        {
            EXCEPTION_ORIGIN: origin,
            EXCEPTION_MODEL_NAME: model,
            ERROR_TYPE: error_type,
            ERROR_OUTCOME: outcome.value if outcome else None,
            EXCEPTION_HANDLED: swallowed or None,
        }
    )


def of_code(function: str, path: str, line: int) -> Attributes:
    """`code.*` of the semantic conventions: all three, or none."""
    return {CODE_FUNCTION_NAME: function, CODE_FILE_PATH: path, CODE_LINE_NUMBER: line}


def _present(attributes: dict[str, str | float | None]) -> Attributes:
    return {key: value for key, value in attributes.items() if value is not None}
