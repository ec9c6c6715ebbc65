"""What every test may rely on: nothing of the machine's own configuration reaches it."""

from __future__ import annotations

import os
import tempfile

from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is, and nothing about what is tested.
settings.register_profile(
    "busy", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("busy")


def pytest_configure() -> None:
    """Forget the caller's git, aiprov and OpenTelemetry; raise what a service would only log."""
    os.environ.pop("PYTEST_ADDOPTS", None)  # meant for this run, not for those that tests start
    for name in [name for name in os.environ if name.startswith(("GIT_", "AIPROV_", "OTEL_"))]:
        if name != "AIPROV_FAST":  # the suite passes both ways
            del os.environ[name]
    os.environ.update(
        AIPROV_STRICT="true",
        GIT_CONFIG_GLOBAL=os.devnull,
        GIT_CONFIG_NOSYSTEM="1",
        XDG_STATE_HOME=_state.name,
    )


_state = tempfile.TemporaryDirectory(prefix="aiprov-tests-")
