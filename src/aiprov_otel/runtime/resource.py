"""The resource detector `aiprov`: which commit of which repository is deployed."""

from __future__ import annotations

from opentelemetry.sdk.resources import Resource, ResourceDetector

from aiprov_otel import settings
from aiprov_otel.attributes import VCS_REF_HEAD_REVISION, VCS_REPOSITORY_URL_FULL
from aiprov_otel.runtime import discovery
from aiprov_otel.runtime.guard import guard


class AiprovResourceDetector(ResourceDetector):
    """Reads `vcs.*` from the application's manifest; empty where there is none."""

    def detect(self) -> Resource:
        """The resource, without a schema URL: two that differ would make the SDK drop ours."""
        with guard:
            if not settings.read().disabled and (manifest := discovery.application()):
                values = {
                    VCS_REF_HEAD_REVISION: manifest.revision,
                    VCS_REPOSITORY_URL_FULL: manifest.repository_url,
                }
                return Resource({key: value for key, value in values.items() if value})
        return Resource.get_empty()
