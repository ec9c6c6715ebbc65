"""examples/kubernetes, as far as it goes without a cluster."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
import yaml

kubernetes_validate = pytest.importorskip(
    "kubernetes_validate", reason="no schemas of Kubernetes: run `make test-backends`"
)

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "examples" / "kubernetes" / "shop.yaml").read_text()
DOCUMENTS = {one["kind"]: one for one in yaml.safe_load_all(TEXT)}
POD = DOCUMENTS["Deployment"]["spec"]["template"]["spec"]
VERSION = "1.37"


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_kubernetes_knows_every_key(kind):
    """
    The schemas of the version that the page names accept it, and no key is unknown to them.
    """
    kubernetes_validate.validate(DOCUMENTS[kind], VERSION, strict=True)
    assert f"Kubernetes {VERSION}" in (ROOT / "docs" / "guides" / "kubernetes.md").read_text()


def test_a_key_that_kubernetes_does_not_know_is_refused():
    """
    A misspelled key is found, so that the test above means something.
    """
    wrong = deepcopy(DOCUMENTS["Deployment"])
    wrong["spec"]["template"]["spec"]["initContainer"] = []

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSION, strict=True)


def test_the_manifest_is_where_the_service_looks():
    """
    The init container copies it into a volume that the service mounts, and there is no sidecar.
    """
    (provenance,) = POD["initContainers"]
    (service,) = POD["containers"]
    variables = {one["name"]: one.get("value") for one in service["env"]}
    (written,), (read,) = (one["volumeMounts"] for one in (provenance, service))

    assert written["name"] == read["name"] == POD["volumes"][0]["name"]
    assert provenance["command"][-1] == variables["AIPROV_MANIFEST"]
    assert variables["AIPROV_MANIFEST"].startswith(f"{read['mountPath']}/")


def test_each_thing_finds_the_other_by_its_labels():
    """
    The Deployment selects its pods, and the Service too, at a port that has that name.
    """
    labels = DOCUMENTS["Deployment"]["spec"]["template"]["metadata"]["labels"]

    assert DOCUMENTS["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert DOCUMENTS["Service"]["spec"]["selector"] == labels
    assert (
        DOCUMENTS["Service"]["spec"]["ports"][0]["targetPort"]
        == (POD["containers"][0]["ports"][0]["name"])
    )
