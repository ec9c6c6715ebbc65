"""A Prometheus for all that is asked of one."""

from __future__ import annotations

import time

import pytest

from aiprov_otel.backends.files import texts
from support.generated import counters
from support.prometheus import prometheus, why_not


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The address of one with generated counters, which has evaluated all rules twice."""
    if reason := why_not():
        pytest.skip(reason)
    rules = [text for name, text in texts().items() if name.endswith(".rules.yml")]
    with prometheus(counters(), tmp_path_factory.mktemp("prometheus"), rules) as address:
        time.sleep(2.5)
        yield address
