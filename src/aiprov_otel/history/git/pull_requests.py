"""Pull requests: how forges name them in messages, and the refs under which they keep commits."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, MutableMapping, Sequence
from typing import Final, NamedTuple

from aiprov_otel.errors import HistoryError
from aiprov_otel.history.git.objects import Commit, parse_commits
from aiprov_otel.history.git.repository import Git, matching_refs

HEADS: Final = (
    "refs/pull/*/head",
    "refs/pull-requests/*/from",
    "refs/merge-requests/*/head",
)
MERGES: Final = ("refs/pull/*/merge",)  # Azure DevOps has no refs of the heads
PATTERNS: Final = (*HEADS, *MERGES)
_SUBJECTS: Final = re.compile(
    r"\([^()]*[#!](\d{1,9})\)"  # GitHub, GitLab, Gitea, Forgejo, Bitbucket Cloud
    r"|^Merged PR (\d{1,9}):"  # Azure DevOps
    r"|^(?:Merge )?[Pp]ull request #(\d{1,9})\b"  # Bitbucket Data Center
)
_BODIES: Final = re.compile(
    r"See merge request \S*!(\d{1,9})"  # GitLab
    r"|Part-of: <\S+/merge_requests/(\d{1,9})>"  # Marge-bot
    r"|Reviewed-on: \S+/pulls/(\d{1,9})"  # Gitea, Forgejo
)
_BRANCHES: Final = re.compile(
    r"Merge pull request #\d+ from [^/\s]+/(\S+)"
    r"|Merge (?:remote-tracking )?branch '(?:origin/|upstream/)?([^'\s]+)'(?: (?:into|of) .*)?"
    r"|Merged in (\S+) \(pull request #\d+\)"
    r"|Merge pull request '.*' \(#\d+\) from (?:[^/\s:]+:)?(\S+) into \S+"
    r"|Merge in \S+ from (\S+) to \S+"
)


class PullRequest(NamedTuple):
    """A pull request: its *ref*, and the commit at its *head*."""

    ref: str
    head: str


def find_numbers(commit: Commit) -> list[str]:
    """The numbers of requests that the message of *commit* names, the most likely first."""
    lines = commit.lines
    # "Revert "Add it (#1)" (#2)" is of the last one.
    subject = list(_groups(_SUBJECTS.finditer(lines[0])))[::-1]
    body = _groups(match for line in lines[1:] if (match := _BODIES.fullmatch(line.strip())))
    return [*subject, *body]


def is_named_below(commit: Commit) -> bool:
    """Whether the message of *commit* names a request, or its branch, below the first line."""
    return bool(_BELOW.search(commit.message))


_BELOW: Final = re.compile(rf"\n(?:{_BODIES.pattern}|Merge in \S+ from )")


def find_branch(commit: Commit) -> str | None:
    """The branch that *commit* merged, as its message names it."""
    return next(_groups(m for line in commit.lines[:4] if (m := _BRANCHES.fullmatch(line))), None)


def _groups(matches: Iterable[re.Match[str]]) -> Iterator[str]:
    return (next(filter(None, match.groups())) for match in matches)


def is_squash(commit: Commit) -> bool:
    """Whether *commit* is what a forge made of a whole request."""
    return len(commit.parents) == 1 and bool(find_numbers(commit))


def read_merges(git: Git) -> list[Commit]:
    """The merges in the history of `HEAD`, the newest first."""
    names = git.run("rev-list", "--merges", git.head()).decode("ascii").split()
    return list(parse_commits(git.objects(names)).values())


class PullRequests:
    """
    The pull requests whose refs this clone has, by number and by the tree of their heads.

    The *merges* of the history are read where they are not given. What *trees* lack is added to
    them: the hashes of the trees of heads, and of the second parents of merges.
    """

    def __init__(
        self,
        git: Git,
        merges: Sequence[Commit] | None = None,
        trees: MutableMapping[str, str] | None = None,
    ) -> None:
        self._by_number: dict[str, list[PullRequest]] = defaultdict(list)
        self._by_tree: dict[str, list[PullRequest]] = defaultdict(list)
        for ref, head, tree in _list_heads(git, {} if trees is None else trees):
            request = PullRequest(ref, head)
            self._by_number[ref.split("/")[2]].append(request)
            if tree:
                self._by_tree[tree].append(request)
        self._by_merge: dict[str, list[str]] = {}
        if self._by_number:
            self._by_merge = _read_numbers(read_merges(git) if merges is None else merges)

    def __bool__(self) -> bool:
        return bool(self._by_number)

    @property
    def all(self) -> list[PullRequest]:
        """Every request."""
        return [request for requests in self._by_number.values() for request in requests]

    def candidates(self, commit: Commit) -> list[PullRequest]:
        """The requests that *commit* may be the squash of, the most likely first."""
        if len(commit.parents) != 1:
            return []
        numbers = [*find_numbers(commit), *self._by_merge.get(commit.id, ())]
        named = (request for number in numbers for request in self._by_number.get(number, ()))
        found = dict.fromkeys((*named, *self._by_tree.get(commit.tree, ())))
        return [request for request in found if request.head != commit.id]


def _read_numbers(merges: Iterable[Commit]) -> dict[str, list[str]]:
    """
    By commit that was merged, the numbers of the requests that its merge names.

    GitLab's squash has the title alone: the merge commit above it names the request.
    """
    pairs = ((merge.parents[1], find_numbers(merge)) for merge in merges)
    return {name: numbers for name, numbers in pairs if numbers}


class Own(NamedTuple):
    """
    The commits of a request that the history of `HEAD` does not have.

    Attributes:
        commits: their hashes.
        bases: the commits of that history that they begin at.
    """

    commits: frozenset[str]
    bases: frozenset[str]


Parents = MutableMapping[str, str | None]
"""By commit that the history of `HEAD` lacks, its parents; None for a head that it has."""


def own_commits(git: Git, requests: Iterable[PullRequest], parents: Parents) -> dict[str, Own]:
    """By head, the own commits of each of *requests*; what *parents* lack is added to them."""
    heads = sorted({request.head for request in requests})
    return {head: _own(head, parents) for head in heads} if _add(git, heads, parents) else {}


def find_request(
    git: Git, requests: Sequence[PullRequest], commits: Collection[str], parents: Parents
) -> dict[str, PullRequest]:
    """Those of *commits* that only *requests* have, each with the last of these requests."""
    if not _add(git, sorted({request.head for request in requests}), parents):
        return {}
    left = {name for name in commits if parents.get(name) is not None}
    found: dict[str, PullRequest] = {}
    seen: set[str] = set()
    for request in reversed(requests) if left else ():
        waiting = [request.head]
        while waiting and left:
            name = waiting.pop()
            row = parents.get(name)
            if row is not None and name not in seen:
                seen.add(name)
                waiting.extend(row.split())
                if name in left:
                    left.remove(name)
                    found[name] = request
    return found


def _add(git: Git, heads: Iterable[str], parents: Parents) -> bool:
    """Adds what leads to *heads* to *parents*; False where this clone lacks a part of it."""
    new = [head for head in heads if head not in parents]
    if not new:
        return True
    stdin = "\n".join((*new, f"^{git.head()}")).encode()
    try:
        listed = git.run("rev-list", "--parents", "--stdin", stdin=stdin)
    except HistoryError:  # a partial clone lacks one of them
        return False
    for line in listed.decode("ascii").splitlines():
        name, _, row = line.partition(" ")
        parents[name] = row
    for head in new:
        parents.setdefault(head, None)
    return True


def _own(head: str, parents: Parents) -> Own:
    """*head* and its ancestors that have *parents*."""
    own: set[str] = set()
    bases: set[str] = set()
    waiting = [head]
    while waiting:
        name = waiting.pop()
        row = parents.get(name)
        if row is None:
            bases.add(name)
        elif name not in own:
            own.add(name)
            waiting.extend(row.split())
    return Own(frozenset(own), frozenset(bases))


_NAME: Final = re.compile("[0-9a-f]{40,64}")


def _list_heads(git: Git, trees: MutableMapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """The ref of each request, the commit at its head, and its tree, "" where it is not known."""
    heads = {ref: git.refs[ref] for ref in matching_refs(git, *HEADS)}
    with_head = {ref.rpartition("/")[0] for ref in heads}
    others = (ref for ref in matching_refs(git, *MERGES) if ref.rpartition("/")[0] not in with_head)
    merges = {ref: git.refs[ref] for ref in others}
    wanted = [f"{name}^{{tree}}" for name in heads.values()]
    _look_up(git, [*wanted, *(f"{name}^2" for name in merges.values())], trees)
    for ref, name in heads.items():
        if tree := trees.get(f"{name}^{{tree}}"):
            yield ref, name, tree
    for ref, name in merges.items():
        if head := trees.get(f"{name}^2"):
            yield ref, head, ""


def _look_up(git: Git, names: Iterable[str], found: MutableMapping[str, str]) -> None:
    """Adds to *found* the hash of each of the objects *names* that this clone has."""
    new = sorted({name for name in names if name not in found})
    pairs = zip(new, git.object_names(new) if new else [], strict=True)
    found.update((name, one) for name, one in pairs if _NAME.fullmatch(one))
