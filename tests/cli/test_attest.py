"""An attestation: valid by the specification's own schemas, and the same bytes each time."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import zipfile

import pytest
from google.protobuf import json_format
from in_toto_attestation.predicates.scai.v0 import scai_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement

from support.command import invoke
from support.measured import CART, CLAUDE, STOCK, make_shop
from support.repo import BOB


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A shop with a manifest, and a wheel with one file that no commit has."""
    repo = make_shop(tmp_path_factory.mktemp("attested") / "shop")
    assert invoke("build", cwd=repo.path).returncode == 0
    with zipfile.ZipFile(repo.path / "shop-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("shop/cart.py", CART)
        wheel.writestr("shop/generated.py", "X = 1\n")
        wheel.writestr("shop-1.dist-info/METADATA", "Name: shop\n")
    return repo


def validated(text):
    """The statement *text*, after the standard's own checks."""
    proto = json_format.Parse(text, statement_pb2.Statement())
    Statement.copy_from_pb(proto).validate()
    report = json.dumps(json.loads(text)["predicate"])
    json_format.Parse(report, scai_pb2.AttributeReport())
    return json.loads(text)


def attributes(statement):
    """The conditions of each attribute, by its name."""
    return {one["attribute"]: one["conditions"] for one in statement["predicate"]["attributes"]}


def test_a_commit_is_attested(shop):
    """
    The statement has the commit, the lines by each property, the policy and the manifest's digest.
    """
    done = invoke("attest", cwd=shop.path)

    assert done.returncode == 0, done.stderr
    statement = validated(done.stdout)
    assert statement["subject"] == [
        {"name": "commit", "digest": {"gitCommit": shop.git("rev-parse", "HEAD")}}
    ]
    assert statement["predicateType"] == "https://in-toto.io/attestation/scai/v0.3"
    said = attributes(statement)
    assert said["LINES_BY_ORIGIN"] == {"ai": 15, "human": 4}
    assert said["LINES_BY_MODEL"] == {"claude-opus-4-6": 15, "unknown": 4}
    assert said["LINES_BY_STRENGTH"] == {"commit": 15, "weak": 4}
    assert said["UNKNOWN_SHARE"] == {"share": 0}
    assert said["POLICY"]["unmarked"] == "human"
    digest = hashlib.sha256((shop.path / "aiprov.manifest").read_bytes()).hexdigest()
    for one in statement["predicate"]["attributes"]:
        assert one["evidence"]["digest"] == {"sha256": digest}


def test_a_wheel_is_attested_by_what_it_contains(shop):
    """
    Of a wheel, only the files that it contains are counted, and those without history are named.
    """
    statement = validated(invoke("attest", "shop-1-py3-none-any.whl", cwd=shop.path).stdout)

    [subject] = statement["subject"]
    wheel = (shop.path / "shop-1-py3-none-any.whl").read_bytes()
    assert subject["digest"] == {"sha256": hashlib.sha256(wheel).hexdigest()}
    said = attributes(statement)
    assert said["FILES"] == {"attested": 1, "not_in_manifest": 1}
    assert said["LINES_BY_ORIGIN"] == {"ai": 15}


def test_an_image_is_attested_by_its_digest(shop):
    """
    An image is named by its digest; nothing is fetched.
    """
    digest = "a" * 64
    statement = validated(invoke("attest", f"ghcr.io/shop@sha256:{digest}", cwd=shop.path).stdout)

    assert statement["subject"] == [{"name": "ghcr.io/shop", "digest": {"sha256": digest}}]


def test_the_bytes_are_the_same_and_a_local_key_signs_them(shop):
    """
    Built twice, a statement has the same bytes, so the signature of a local key verifies both.
    """
    for name in ("first.json", "again.json"):
        assert invoke("build", cwd=shop.path).returncode == 0
        assert invoke("attest", "-o", name, cwd=shop.path).returncode == 0
    assert (shop.path / "first.json").read_bytes() == (shop.path / "again.json").read_bytes()

    def openssl(*words):
        return subprocess.run(["openssl", *words], cwd=shop.path, capture_output=True, text=True)

    assert openssl("genpkey", "-algorithm", "ed25519", "-out", "key").returncode == 0
    assert openssl("pkey", "-in", "key", "-pubout", "-out", "key.pub").returncode == 0
    signed = ("pkeyutl", "-rawin", "-sigfile", "signature")
    made = openssl(
        *("pkeyutl", "-sign", "-rawin", "-inkey", "key", "-in", "first.json"),
        *("-out", "signature"),
    )
    assert made.returncode == 0, made.stderr
    verify = (*signed, "-verify", "-pubin", "-inkey", "key.pub")
    assert openssl(*verify, "-in", "again.json").returncode == 0
    (shop.path / "forged.json").write_bytes(b"{}\n")
    assert openssl(*verify, "-in", "forged.json").returncode == 1


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        ("dist/none.whl", "is not a file that can be read"),
        ("shop@sha256:abc", "is not a file that can be read"),
        ("foreign.whl", "contains no file of"),
    ],
)
def test_a_subject_that_can_not_be_attested(shop, subject, reason):
    """
    What can't be attested is one line.
    """
    with zipfile.ZipFile(shop.path / "foreign.whl", "w") as wheel:
        wheel.writestr("other.py", "Y = 1\n")

    done = invoke("attest", subject, cwd=shop.path)

    assert done.returncode == 2
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("method", ["ZIP_STORED", "ZIP_DEFLATED", "ZIP_BZIP2", "ZIP_LZMA"])
def test_a_damaged_wheel_is_one_line(shop, method):
    """
    Whichever byte of a wheel's member is damaged, the error is one line that names the wheel.
    """
    name = "damaged.whl"
    with zipfile.ZipFile(shop.path / name, "w", getattr(zipfile, method)) as wheel:
        wheel.writestr("shop/cart.py", CART * 9)
    whole = (shop.path / name).read_bytes()
    refused = 0
    for place in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        (shop.path / name).write_bytes(damaged)
        done = invoke("attest", name, cwd=shop.path)
        assert done.returncode in {0, 2}, done.stderr
        assert done.stderr.count("\n") == (done.returncode == 2), done.stderr
        refused += "is not a whole wheel" in done.stderr
    assert refused


def test_a_pipe_is_no_subject(shop):
    """
    A pipe is refused, and nothing waits for a writer.
    """
    os.mkfifo(shop.path / "pipe.whl")

    done = invoke("attest", "pipe.whl", cwd=shop.path)

    assert done.returncode == 2
    assert "it is not a regular file" in done.stderr


def test_without_a_manifest_it_says_how_to_build_one(tmp_path):
    """
    The statement is about a manifest; without one, the command that makes it is named.
    """
    repo = make_shop(tmp_path / "shop")

    done = invoke("attest", cwd=repo.path)

    assert done.returncode == 2
    assert "create one with `aiprov build`" in done.stderr


def test_releases_are_compared_line_by_line(shop):
    """
    Between two releases, lines whose origin differs are listed: added, replaced, removed, and of
    the same text under another policy; from commits and from manifests alike.
    """
    shop.git("tag", "v1")
    assert invoke("build", "-o", "v1.manifest", cwd=shop.path).returncode == 0
    shop.commit("src/shop/stock.py", STOCK.replace("    return 0\n", "    return None\n"), CLAUDE)
    shorter = CART.replace("def discount(cart, share):\n    price = total(cart)\n", "")
    shop.commit("src/shop/cart.py", shorter.replace("    return price - price * share\n", ""))
    shop.commit("src/shop/new.py", "A = 1\nB = 2\n", author=BOB)
    shop.git("tag", "v2")
    try:
        told = json.loads(invoke("attest", "--diff", "v1", "v2", "--json", cwd=shop.path).stdout)
        shown = invoke("attest", "--diff", "v1.manifest", "v2", cwd=shop.path).stdout
        policy = shop.path / "pyproject.toml"
        shop.commit("pyproject.toml", policy.read_text().replace("human", "unknown"))
        other = invoke("attest", "--diff", "v2", "HEAD", cwd=shop.path).stdout
    finally:
        shop.git("reset", "--quiet", "--hard", "v1")

    model = "ai claude-code claude-opus-4-6"
    assert [
        (row["kind"], row["old"], row["new"], row["lines"], row["places"][0]["path"])
        for row in told["changes"]
    ] == [
        ("added", None, "human", 2, "src/shop/new.py"),
        ("replaced", "human", model, 1, "src/shop/stock.py"),
        ("removed", model, None, 3, "src/shop/cart.py"),
    ]
    assert shown.splitlines()[0].startswith("6 lines with another origin between ")
    assert "src/shop/stock.py:4" in shown
    assert "same-text  human   unknown      5" in other


def test_a_file_that_got_another_name_or_was_deleted(shop):
    """
    A file with another name has the lines that it had, and those of a deleted one are removed; so
    are those of one that the policy no longer covers.
    """
    before = shop.git("rev-parse", "HEAD")
    shop.git("mv", "src/shop/cart.py", "src/shop/basket.py")
    renamed = shop.record("Rename it")
    shop.git("rm", "--quiet", "src/shop/stock.py")
    deleted = shop.record("Delete it")
    shop.git("mv", "src/shop/basket.py", "tests/test_basket.py")
    excluded = shop.record("Make it a test")
    try:
        told = [
            json.loads(invoke("attest", "--diff", old, new, "--json", cwd=shop.path).stdout)
            for old, new in ((before, renamed), (renamed, deleted), (deleted, excluded))
        ]
    finally:
        shop.git("reset", "--quiet", "--hard", before)

    model = "ai claude-code claude-opus-4-6"
    assert [
        [(row["kind"], row["old"], row["lines"]) for row in one["changes"]] for one in told
    ] == [[], [("removed", "human", 4)], [("removed", model, 15)]]


def test_options_of_one_form_only(shop):
    """
    A comparison makes no statement, and the other way round.
    """
    for words in (["--json"], ["--diff", "a", "b", "-o", "x"]):
        assert invoke("attest", *words, cwd=shop.path).returncode == 2
