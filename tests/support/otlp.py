"""OTLP in JSON, as exporters and the Collector write it."""

from __future__ import annotations

import json

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


def as_json(request: bytes) -> bytes:
    """*request*, which is protobuf, in JSON: enums as numbers, ids in hexadecimal, on one line."""
    message = ExportTraceServiceRequest.FromString(request)
    document = MessageToDict(message, use_integers_for_enums=True)
    for resource, shown in zip(message.resource_spans, document["resourceSpans"], strict=True):
        for scope, shown_scope in zip(resource.scope_spans, shown["scopeSpans"], strict=True):
            for span, one in zip(scope.spans, shown_scope["spans"], strict=True):
                one.update(traceId=span.trace_id.hex(), spanId=span.span_id.hex())
                if span.parent_span_id:
                    one["parentSpanId"] = span.parent_span_id.hex()
    return json.dumps(document, separators=(",", ":")).encode()
