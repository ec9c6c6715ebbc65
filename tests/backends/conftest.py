"""A Prometheus for all that is asked of one."""

from __future__ import annotations

from functools import partial

import pytest

from aiprov_otel.backends import texts
from support.generated import counters
from support.prometheus import ask, prometheus, why_not
from support.waiting import until


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The address of one whose counters grew until now, which has evaluated all rules twice."""
    if reason := why_not():
        pytest.skip(reason)
    rules = [text for name, text in texts().items() if name.endswith(".rules.yml")]
    with prometheus(counters(), tmp_path_factory.mktemp("prometheus"), rules) as address:
        for _ in range(2):
            until(partial(evaluated_since, evaluated(address), address), "all rules are evaluated")
        yield address


def evaluated(address):
    """When each group of rules was evaluated last."""
    return {group["name"]: group["lastEvaluation"] for group in ask(address, "rules")["groups"]}


def evaluated_since(before, address):
    """Whether every group was evaluated since *before*."""
    now = evaluated(address)
    return all(now[name] != at for name, at in before.items())
