"""Classes whose methods serve requests: which one serves this one."""

from __future__ import annotations

from typing import Any


def method_of(owner: Any, method: str, *otherwise: str) -> Any:
    """
    What *owner*, a class or an object, has for a request with that HTTP *method*.

    `HEAD` is served by `get` where there is no `head`; *otherwise* names what serves the rest.
    """
    names = [method.lower(), *(["get"] if method == "HEAD" else []), *otherwise]
    found = (getattr(owner, name, None) for name in names)
    return next(filter(None, found), owner)
