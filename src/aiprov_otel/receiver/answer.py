"""What the receiver answers: a message of OTLP, in the encoding of the request."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from google.protobuf.message import Message

PROTOBUF: Final = "application/x-protobuf"
JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: its status, body, kind of content, and what else stands in its header."""

    status: HTTPStatus
    body: bytes
    kind: str
    headers: dict[str, str] = field(default_factory=dict)


class Refused(Exception):
    """A request that gets no more than a status and the reason."""

    def __init__(self, status: HTTPStatus, reason: str, *, retry_after: int | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.retry_after = retry_after


def told(message: Message, kind: str, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    """*message* in the encoding that *kind* names: JSON, else protobuf."""
    if kind != JSON:
        return Answer(status, message.SerializeToString(), PROTOBUF)
    from google.protobuf.json_format import MessageToJson

    return Answer(status, MessageToJson(message, indent=None).encode(), JSON)


def refusal(error: Refused, kind: str) -> Answer:
    """*error* as a google.rpc.Status, as OTLP wants failures."""
    from google.rpc.status_pb2 import Status  # type: ignore[import-untyped] # it has no stubs

    answer = told(Status(message=str(error)), kind, error.status)
    if error.retry_after is not None:
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer
