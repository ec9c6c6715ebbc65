from __future__ import annotations

import pytest

from aiprov_otel.receiver.server import Receiver
from aiprov_otel.telemetry.store import Store


@pytest.fixture
def store(tmp_path):
    """A store in a file."""
    with Store.open(tmp_path / "telemetry.duckdb") as store:
        yield store


@pytest.fixture
def receiver(store):
    """A receiver that keeps what it gets in the store."""
    with Receiver(store, port=0) as receiver:
        yield receiver
