"""The body of a request, unpacked, and never larger than is taken."""

from __future__ import annotations

import zlib
from http import HTTPStatus
from typing import Final

from aiprov_otel.receiver.answer import Refused

LIMIT: Final = 64 * 2**20
"""Bytes of a request, before and after it is unpacked; what the Python exporter keeps to."""

_PACKED: Final = {"gzip", "deflate"}


def unpacked(body: bytes, encoding: str) -> bytes:
    """
    *body* without its content *encoding*: gzip, deflate or none.

    Raises:
        Refused: it has another, is not whole, or becomes too large.
    """
    if encoding in {"", "identity"}:
        return body
    if encoding not in _PACKED:
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "pack with gzip or deflate, or not at all")
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # 32: either of the two
    try:
        data = unpacker.decompress(body, LIMIT + 1)
    except zlib.error as error:
        raise Refused(HTTPStatus.BAD_REQUEST, f"the body is no {encoding}") from error
    if len(data) > LIMIT:
        said = f"send at most {LIMIT} bytes, unpacked"
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, said)
    if not unpacker.eof:
        raise Refused(HTTPStatus.BAD_REQUEST, f"the {encoding} body is not whole")
    return data
