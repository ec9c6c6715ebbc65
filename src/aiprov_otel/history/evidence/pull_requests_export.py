"""Pull requests as a forge's API describes them: a file of JSON, and the marks in it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from aiprov_otel.errors import PolicyError
from aiprov_otel.files import read_regular
from aiprov_otel.history.evidence.agents import Table
from aiprov_otel.history.evidence.branches import branch_mark
from aiprov_otel.history.evidence.commit_message import Mark, find_marks
from aiprov_otel.history.evidence.mark import get_object
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.values import Evidence, Origin

_LONGEST: Final = 512 * 1024 * 1024  # bytes: some hundred thousand requests
_GENERATED: Final = re.compile(
    r"\W*(?:ai|llm|agent)[- _](?:generated|authored|written|created)\W*"
    r"|\W*(?:generated|authored|written|created)[- _]by[- _](?:an?[- _])?(?:ai|llm|agent)\W*",
    re.IGNORECASE,
)
_ASSISTED: Final = re.compile(r"\W*(?:ai|llm|agent)[- _]assisted\W*", re.IGNORECASE)
_UNMERGED: Final = {"open", "opened", "closed", "declined", "locked", "superseded"}


class Described(NamedTuple):
    """
    A pull request as its forge describes it. Nothing of it but marks leaves the build.

    Attributes:
        number: of the request.
        merged: whether it landed, as far as the file states it.
        commits: full or short hashes of what landed.
        body: the description.
        labels: their names.
        branch: the branch that was merged.
        authors: the names of the author's account.
    """

    number: str
    merged: bool
    commits: tuple[str, ...]
    body: str
    labels: tuple[str, ...]
    branch: str
    authors: tuple[str, ...]


class Export:
    """The marks of the pull requests in a file, by number and by the commit that landed."""

    def __init__(self, requests: Iterator[Described], table: Table) -> None:
        self._by_number: dict[str, tuple[Mark, ...]] = {}
        self._by_commit: dict[str, tuple[Mark, ...]] = {}
        for request in requests:
            if request.merged and (marks := tuple(_find_marks(request, table))):
                self._by_number[request.number] = marks
                # Bitbucket abbreviates hashes to 12 characters.
                self._by_commit.update({name[:12]: marks for name in request.commits})

    def find(self, commit: str, numbers: Sequence[str]) -> tuple[Mark, ...]:
        """The marks of the request that landed as *commit*, or that has one of the *numbers*."""
        if marks := self._by_commit.get(commit[:12]):
            return marks
        return next((self._by_number[n] for n in numbers if n in self._by_number), ())


def load(path: Path, table: Table) -> Export:
    """
    The pull requests in the file at *path*.

    Raises:
        PolicyError: it can't be read, or it does not hold pull requests.
    """
    return Export(_parse(path, _read(path)), table)


def digest(path: Path) -> str:
    """Changes when the file at *path* does."""
    return f"sha256:{hashlib.sha256(_read(path)).hexdigest()}"


def _read(path: Path) -> bytes:
    try:
        return read_regular(path, _LONGEST)
    except OSError as error:
        msg = (
            f"{path}, named by pull_requests, can't be read: {error.strerror or error}; write it "
            "with the command in docs/guides/records.md, or remove the setting"
        )
        raise PolicyError(msg) from error


def _parse(path: Path, content: bytes) -> Iterator[Described]:
    rows = list(_rows(content))
    described = [request for row in rows if (request := _describe(row))]
    if not described and content.strip() not in {b"[]", b""}:
        msg = (
            f"{path} holds no pull requests; it has to be the JSON of `gh pr list --json`, or of "
            "the API of GitLab or Bitbucket"
        )
        raise PolicyError(msg)
    return iter(described)


def _rows(content: bytes) -> Iterator[Any]:
    """Every object in *content*: one list, the pages of an API, or a value a line."""
    text = content.decode("utf-8", "replace")
    decoder, position = json.JSONDecoder(), 0
    while match := re.compile(r"\s*(?=\S)").match(text, position):
        try:
            value, position = decoder.raw_decode(text, match.end())
        except (ValueError, RecursionError):
            return
        yield from _flatten(value)


def _flatten(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _flatten(item)
    elif isinstance(value, dict) and isinstance(value.get("values"), list):
        yield from _flatten(value["values"])
    else:
        yield value


def _describe(row: Any) -> Described | None:
    """The request in *row*, in the words of any of the forges; None for something else."""
    number = row.get("number", row.get("iid", row.get("id"))) if isinstance(row, dict) else None
    if not isinstance(number, int):
        return None
    commits = (
        get_object(row, "mergeCommit").get("oid"),
        row.get("merge_commit_sha"),
        row.get("squash_commit_sha"),
        get_object(row, "merge_commit").get("hash"),
        get_object(row, "properties", "mergeCommit").get("id"),
    )
    bodies = (row.get("body"), row.get("description"), get_object(row, "summary").get("raw"))
    branches = (
        row.get("headRefName"),
        row.get("source_branch"),
        get_object(row, "head").get("ref"),
        get_object(row, "source", "branch").get("name"),
        get_object(row, "fromRef").get("displayId"),
    )
    author = get_object(row, "author") or get_object(row, "user")
    author = get_object(author, "user") or author
    accounts = (author.get(key) for key in ("login", "username", "nickname", "slug", "name"))
    return Described(
        number=str(number),
        merged=_text(row.get("state")).lower() not in _UNMERGED,
        commits=tuple(name for name in commits if isinstance(name, str) and len(name) >= 12),
        body=next((text for value in bodies if (text := _text(value))), ""),
        labels=tuple(_labels(row.get("labels"))),
        branch=next((text for value in branches if (text := _text(value))), ""),
        authors=tuple(text for value in accounts if (text := _text(value))),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _labels(value: Any) -> Iterator[str]:
    for label in value if isinstance(value, list) else ():
        yield _text(label) or _text(label.get("name") if isinstance(label, dict) else None)


def _find_marks(request: Described, table: Table) -> Iterator[Mark]:
    where = f"pull request {request.number}"
    for account in request.authors:
        name = re.sub(r"^app/(.*)$", r"\1[bot]", account.lower())
        row = table.by_address("", f"{name}@users.noreply.github.com")
        if row and row.role != "review" and name.endswith("[bot]"):
            slug = row.hosted or row.agent
            provider = table.providers.get(slug or "")
            yield Mark(
                row.id, Evidence.PULL_REQUEST, slug, None, provider, f"author of {where}", row.id
            )
    for label in request.labels:
        if _GENERATED.fullmatch(label) or _ASSISTED.fullmatch(label):
            origin = Origin.MIXED if _ASSISTED.fullmatch(label) else None
            yield Mark(
                "label", Evidence.PULL_REQUEST, None, None, None, f"label of {where}", label,
                origin=origin,
            )  # fmt: skip
    # A description has no subject: its first line may be a mark.
    message = Commit("", "", "", None, f"\n{request.body}")
    for mark in find_marks(message, table):
        if mark.evidence and mark.evidence is not Evidence.UNMARKED:
            mixed = Origin.MIXED if mark.evidence is Evidence.ASSISTED_BY else None
            yield mark._replace(
                evidence=Evidence.PULL_REQUEST,
                where=f"description of {where}",
                line=0,
                origin=mark.origin or mixed,
            )
    if branch := branch_mark(request.branch, where, table):
        yield branch
