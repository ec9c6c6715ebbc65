"""
From code as it is compiled to code as it is kept: what each function finds its counts by.

What stands for it in the templates becomes the key of the module and the number of the function.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from types import CodeType
from typing import Any

from aiprov_otel.runtime.import_hook.counters import LAMBDA
from aiprov_otel.runtime.import_hook.templates import KEY, LAMBDA_NUMBER, NUMBER


def numbered(code: CodeType, key: str) -> CodeType:
    """*code* of a module that is found by *key*, with the numbers of its functions."""
    return _numbered(code, key, count(), "", "")


def _numbered(code: CodeType, key: str, numbers: Iterator[int], was: str, now: str) -> CodeType:
    """The same; its qualified name begins with *now* where it began with *was*."""
    found = {KEY: key, NUMBER: (number := next(numbers)), LAMBDA_NUMBER: number}
    name, qualname, consts = code.co_name, now + code.co_qualname.removeprefix(was), code.co_consts
    if any(type(each) is str and each == LAMBDA_NUMBER for each in consts):
        was, consts = code.co_qualname, (*consts, code.co_qualname)
        name, qualname = LAMBDA, (now := qualname.removesuffix(name) + LAMBDA)
    made: list[Any] = []
    for each in consts:
        if type(each) is CodeType:
            made.append(_numbered(each, key, numbers, was, now))
        else:
            made.append(found.get(each, each) if type(each) is str else each)
    return code.replace(co_consts=tuple(made), co_name=name, co_qualname=qualname)
