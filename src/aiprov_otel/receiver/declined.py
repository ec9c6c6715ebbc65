"""Logs and metrics: answered, so that nobody sends them again, and said not to be kept."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, TypeVar

from aiprov_otel.receiver.answer import JSON, Refused

if TYPE_CHECKING:
    from google.protobuf.message import Message

    _M = TypeVar("_M", bound=Message)

_TRACES_ONLY: Final = "aiprov serve keeps traces only"


def logs(request: bytes, kind: str) -> Message:
    """
    The answer to a *request* that exports logs.

    Raises:
        Refused: it is none.
    """
    from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as service

    message = _parsed(service.ExportLogsServiceRequest, request, kind)
    response = service.ExportLogsServiceResponse()
    response.partial_success.rejected_log_records = sum(
        len(scope.log_records) for one in message.resource_logs for scope in one.scope_logs
    )
    response.partial_success.error_message = _TRACES_ONLY
    return response


def metrics(request: bytes, kind: str) -> Message:
    """
    The answer to a *request* that exports metrics.

    Raises:
        Refused: it is none.
    """
    from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as service

    message = _parsed(service.ExportMetricsServiceRequest, request, kind)
    response = service.ExportMetricsServiceResponse()
    response.partial_success.rejected_data_points = sum(
        len(getattr(metric, metric.WhichOneof("data") or "gauge").data_points)
        for one in message.resource_metrics
        for scope in one.scope_metrics
        for metric in scope.metrics
    )
    response.partial_success.error_message = _TRACES_ONLY
    return response


def _parsed(make: Callable[[], _M], request: bytes, kind: str) -> _M:
    from google.protobuf.json_format import Parse, ParseError
    from google.protobuf.message import DecodeError

    message = make()
    try:
        if kind == JSON:
            return Parse(request, message, ignore_unknown_fields=True)
        message.ParseFromString(request)
    except (DecodeError, ParseError, UnicodeDecodeError, RecursionError) as error:
        said = f"this is no {message.DESCRIPTOR.name}"
        raise Refused(HTTPStatus.BAD_REQUEST, said) from error
    return message
