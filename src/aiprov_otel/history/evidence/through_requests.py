"""What pull requests add to the lines of their squashes: the marks and records of their commits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from aiprov_otel.format import short_hash
from aiprov_otel.history.blame.hunks import Hunk, Hunks
from aiprov_otel.history.evidence import kept, marked_commits, request_commits, squashes
from aiprov_otel.history.evidence.agents import Table
from aiprov_otel.history.evidence.commit_message import Mark
from aiprov_otel.history.evidence.kept import Kept
from aiprov_otel.history.evidence.records import MarkedRange, Record, make_record, overlapping
from aiprov_otel.history.evidence.sources import Records
from aiprov_otel.history.evidence.squashes import Squash
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.git.pull_requests import PullRequests, find_request
from aiprov_otel.history.git.repository import Git
from aiprov_otel.values import Evidence

RULE: Final = "pull-request"
"""The rule of a mark that only shows which commit of a request wrote the lines."""


class Through:
    """
    What the pull *requests* add to the lines of *files*: *commits* wrote them, with these *marks*.

    Attributes:
        wrote: by squash, which commit of its request wrote which lines; marks of `RULE`.
        recovered: by squash, the records on those commits.
        fetched: the squashes whose request this clone has.
    """

    def __init__(
        self,
        git: Git,
        table: Table,
        records: Records,
        requests: PullRequests,
        commits: Mapping[str, Commit],
        marks: Mapping[str, Sequence[Mark]],
        files: Iterable[Hunks],
        known: Kept,
    ) -> None:
        self.wrote: dict[str, Record] = {}
        self.recovered: dict[str, Record] = {}
        self._unborne: dict[str, tuple[Mark, ...]] = {}
        found = squashes.find_squashes(git, requests, commits, table, known) if requests else []
        self.fetched = frozenset(squash.commit.id for squash in found)
        names = set().union(*(squash.own for squash in found))
        left = find_request(git, requests.all, records.commits, known.parents)
        self._own = request_commits.read(git, names | left.keys(), table, known)
        for squash in found:
            self._unborne[squash.commit.id] = tuple(self._find_unborne(squash, marks))
        recorded = records.commits & self._own.keys()
        telling = [squash for squash in found if self._tells(squash, marks, recorded)]
        if left:
            unrecorded = {name: one for name, one in commits.items() if name not in records.commits}
            originals = {
                name: (self._own[name], one) for name, one in left.items() if name in self._own
            }
            telling += squashes.find_rebased(git, unrecorded, originals, known.patches)
        by_name = {squash.commit.id: squash for squash in telling}
        # What follows moved lines depends on other files too.
        traced = {} if git.follows_moves else known.lines
        lines = squashes.trace_lines(git, by_name.values(), files, traced)
        self._collect(by_name, lines, records, recorded)

    def find_marks(self, wrote: Mark) -> tuple[Commit, list[Mark]]:
        """The commit that *wrote*, one of `wrote`, names, and its marks."""
        own = self._own[wrote.commit or ""]
        return own.commit, [
            mark._replace(where=f"{mark.where} {wrote.where}", commit=own.commit.id)
            for mark in own.marks
        ]

    def unborne(self, squash: str) -> tuple[Mark, ...]:
        """The marks of the commit *squash* that none of the commits of its request bears."""
        return self._unborne.get(squash, ())

    def _find_unborne(self, squash: Squash, marks: Mapping[str, Sequence[Mark]]) -> Iterator[Mark]:
        own = [
            m for name in squash.own & self._own.keys() for m in self._own[name].marks if m.evidence
        ]
        borne = {name for mark in own for name in (mark.rule, mark.agent)}
        for mark in marks.get(squash.commit.id, ()):
            if not mark.evidence or mark.evidence is Evidence.BRANCH:
                continue
            # A mark that names no tool may be about any of them.
            if not (own if mark.agent is None else {mark.rule, mark.agent} & borne):
                yield mark

    def _tells(
        self, squash: Squash, marks: Mapping[str, Sequence[Mark]], recorded: Collection[str]
    ) -> bool:
        """Whether the lines of *squash* may be decided in different ways."""
        every = [*marks.get(squash.commit.id, ())]
        every += (mark for name in squash.own & self._own.keys() for mark in self._own[name].marks)
        return any(mark.evidence for mark in every) or not squash.own.isdisjoint(recorded)

    def _collect(
        self,
        by_name: Mapping[str, Squash],
        lines: squashes.Lines,
        records: Records,
        recorded: Collection[str],
    ) -> None:
        read = records.read({name: self._own[name].commit for name in sorted(recorded)})
        # A record of a source that is earlier in the order overwrites those of the others.
        by_source = [one for one in reversed(read) if one]
        wrote: dict[str, list[tuple[str, MarkedRange]]] = defaultdict(list)
        recovered: dict[str, list[tuple[str, MarkedRange]]] = defaultdict(list)
        for (name, path), hunks in lines.items():
            where = f"through {by_name[name].request.ref}"
            shown: dict[str, Mark] = {}
            for hunk in hunks:
                if (mark := shown.get(hunk.commit)) is None:
                    text = f"commit {short_hash(hunk.commit)} wrote the line"
                    mark = Mark(RULE, None, None, None, None, where, text, commit=hunk.commit)
                    shown[hunk.commit] = mark
                end = hunk.first + hunk.count - 1
                wrote[name].append((path, MarkedRange(hunk.first, end, mark)))
                recovered[name] += _recover(path, hunk, where, by_source)
        self.wrote = {name: make_record(rows) for name, rows in wrote.items()}
        self.recovered = {name: make_record(rows) for name, rows in recovered.items()}


def _recover(
    path: str, hunk: Hunk, where: str, by_source: Iterable[Mapping[str, Record]]
) -> Iterator[tuple[str, MarkedRange]]:
    """The records on *hunk*, renumbered to its lines in the squash; the last source counts."""
    offset = hunk.first - hunk.original
    last = hunk.original + hunk.count - 1
    for by_commit in by_source:
        ranges = by_commit.get(hunk.commit, {}).get(hunk.path, ())
        for marked in overlapping(ranges, hunk.original, last):
            kind = marked.mark.evidence
            mark = marked.mark._replace(
                evidence=Evidence.NOTE_RECOVERED if kind is Evidence.NOTE else kind,
                where=f"{marked.mark.where} {where}",
            )
            first, end = max(marked.first, hunk.original), min(marked.last, last)
            yield path, MarkedRange(first + offset, end + offset, mark)


def find_marked(git: Git, names: Sequence[str], table: Table) -> set[str]:
    """Those of the commits *names* that have a mark or a record, or are the squash of such."""
    with kept.opened(git, table, keep=True) as known:
        records = Records(git, known)
        marked, unmarked = set(), {}
        for commit, marks in marked_commits.read_commits(git, names, table, known.marks):
            if commit.id in records.commits or any(mark.evidence for mark in marks):
                marked.add(commit.id)
            else:
                unmarked[commit.id] = commit
        return marked | _find_telling(git, records, table, unmarked, known)


def _find_telling(
    git: Git, records: Records, table: Table, commits: Mapping[str, Commit], known: Kept
) -> set[str]:
    """Those of *commits* whose pull request has a commit with a mark or a record."""
    requests = PullRequests(git, trees=known.trees)
    found = squashes.find_squashes(git, requests, commits, table, known) if requests else []
    names = set().union(*(squash.own for squash in found))
    read = request_commits.read(git, names, table, known)
    marked = {name for name, one in read.items() if any(mark.evidence for mark in one.marks)}
    telling = marked | (records.commits & names)
    return {squash.commit.id for squash in found if not squash.own.isdisjoint(telling)}
