"""From blamed files to a decision about each of their lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, repeat
from pathlib import Path

from aiprov_otel.errors import HistoryError
from aiprov_otel.history import attribution
from aiprov_otel.history.attribution import Decision
from aiprov_otel.history.blame import hunks as blame_hunks
from aiprov_otel.history.blame.files import BlamedFile, Progress, blame_files
from aiprov_otel.history.blame.hunks import Hunk, Hunks
from aiprov_otel.history.blame.strategy import FullBlame, Strategy, WorkTree
from aiprov_otel.history.evidence import kept, marked_commits, pull_requests_export
from aiprov_otel.history.evidence.agents import Table
from aiprov_otel.history.evidence.commit_message import Mark
from aiprov_otel.history.evidence.kept import Kept
from aiprov_otel.history.evidence.landing import find_landing_marks
from aiprov_otel.history.evidence.sources import Records, split_by_marks
from aiprov_otel.history.evidence.through_requests import RULE, Through
from aiprov_otel.history.git import objects, pull_requests
from aiprov_otel.history.git.dates import FIRST, corrected_dates
from aiprov_otel.history.git.objects import Commit
from aiprov_otel.history.git.pull_requests import PullRequests, is_squash
from aiprov_otel.history.git.repository import Git
from aiprov_otel.history.policy import Policy
from aiprov_otel.history.source_files import TrackedFile
from aiprov_otel.manifest import SourceFile
from aiprov_otel.manifest.document import fold_runs
from aiprov_otel.values import Evidence, Provenance, Strength


def attribute_files(
    git: Git,
    policy: Policy,
    files: Sequence[TrackedFile],
    progress: Progress | None = None,
    strategy: Strategy | None = None,
) -> Attribution:
    """
    Blames *files* as they are in the work tree, and decides about each line of them.

    *strategy* blames what is committed; by default through the whole history, and nothing of what
    is read is kept for the next build.
    """
    work_tree = WorkTree(git, strategy or FullBlame(git, git.head()))
    outcomes = blame_files(work_tree, files, progress)
    blamed = [outcome for outcome in outcomes if isinstance(outcome, BlamedFile)]
    unreadable = [outcome for outcome in outcomes if not isinstance(outcome, BlamedFile)]
    return Attribution(
        blamed=tuple(sorted(blamed, key=lambda blamed: blamed.file.path)),
        decisions=Decisions(git, policy, [file.hunks for file in blamed], keep=bool(strategy)),
        unreadable=tuple(sorted(unreadable)),
    )


@dataclass(frozen=True)
class Attribution:
    """
    Files with a decision about each of their lines.

    Attributes:
        blamed: the files, sorted by path.
        decisions: about any line of those files.
        unreadable: path and reason of the files that can't be read.
        note: why all files were blamed anew, where that was unexpected.
    """

    blamed: tuple[BlamedFile, ...]
    decisions: Decisions
    unreadable: tuple[tuple[str, str], ...]
    note: str | None = None

    def error(self, root: Path) -> HistoryError:
        """The error to raise for the unreadable files, which are below *root*."""
        path, reason = self.unreadable[0]
        more = f", nor can {len(self.unreadable) - 1} more" if len(self.unreadable) > 1 else ""
        return HistoryError(f"{root / path} {reason}{more}; fix that and try again")

    @property
    def paths(self) -> list[str]:
        """Those of `sources()`."""
        return [blamed.file.path for blamed in self.blamed]

    def sources(self) -> Iterator[SourceFile]:
        """The files as the manifest holds them."""
        for blamed in self.blamed:
            file, runs = blamed.file, self.runs(blamed)
            placed = tuple(fold_runs(_with_path(runs, file.path)))
            yield SourceFile(file.path, file.import_path, blamed.hash, placed, blamed.generated)

    def lines(self, blamed: BlamedFile) -> Iterator[Decision]:
        """The decision about each line of *blamed*, as Python numbers them."""
        for decision, count in self.runs(blamed):
            yield from repeat(decision, count)

    def runs(self, blamed: BlamedFile) -> list[tuple[Decision, int]]:
        """The decisions about *blamed* in order, each with its number of lines of Python."""
        runs = self.decisions.decide(blamed.hunks, blamed.tag)
        if sum(blamed.widths) == len(blamed.widths):
            return runs
        widths = iter(blamed.widths)
        return [(decision, sum(islice(widths, count))) for decision, count in runs]

    def tally(self) -> list[tuple[Decision, int]]:
        """Each decision with its number of lines in all files."""
        counts: Counter[int] = Counter()
        decisions: dict[int, Decision] = {}
        for blamed in self.blamed:
            for decision, count in self.runs(blamed):
                decisions[id(decision)] = decision
                counts[id(decision)] += count
        return [(decisions[key], count) for key, count in counts.items()]


def _with_path(runs: Iterable[tuple[Decision, int]], path: str) -> Iterator[tuple[Provenance, int]]:
    """The provenance of each of *runs*, with *path*."""
    placed: dict[int, Provenance] = {}
    for decision, count in runs:
        if (provenance := placed.get(id(decision))) is None:
            provenance = placed[id(decision)] = _place(decision.provenance, path)
        yield provenance, count


def _place(line: Provenance, path: str) -> Provenance:
    """*line* with *path*; `dataclasses.replace` would take three times as long."""
    names = (line.origin, line.agent, line.model, line.provider)
    return Provenance(*names, line.commit, line.time, line.evidence, path, match=line.match)


class Decisions:
    """
    Decides about the lines of *files*; everything that git has to look up is read once.

    With *keep*, it is kept for the next build.

    Attributes:
        commits: those of the lines, by hash; of most, only the first line of the message.
        missing_records: how many records this partial clone lacks.
        unreadable_records: by ref, the commits whose records can't be read.
    """

    def __init__(
        self, git: Git, policy: Policy, files: Sequence[Hunks], *, keep: bool = False
    ) -> None:
        self._policy = policy
        self._boundaries = git.boundaries
        names = set().union(*(hunks.commits for hunks in files))
        table = Table(policy.extra_agents)
        with kept.opened(git, table, keep=keep) as known:
            self.commits, self._marks = _read_commits(git, table, known, names)
            self._correct_dates(git)
            merges = pull_requests.read_merges(git)
            self._add_landing_marks(git, policy, table, merges)
            records = Records(git, known)
            requests = PullRequests(git, merges, known.trees)
            self._through = Through(
                git, table, records, requests, self.commits, self._marks, files, known
            )
            own = records.read(self.commits)
        self._records = [*own, self._through.recovered, self._through.wrote]
        self.missing_records = records.missing
        self.unreadable_records = records.unreadable
        self._cache: dict[tuple[str, tuple[Mark, ...]], Decision] = {}
        recorded = {name for by_commit in self._records for name in by_commit}
        # Most commits have no record, and all their lines are decided alike.
        self._plain = {name: self._decision(name, ()) for name in names - recorded}

    def _correct_dates(self, git: Git) -> None:
        """Gives commits that seem to predate AI, and can't, the date of a parent."""
        commits = self.commits.items()
        old = {name for name, one in commits if one.committed and one.committed < FIRST}
        for name, date in corrected_dates(git, old).items():
            self.commits[name] = self.commits[name]._replace(committed=date)

    def _add_landing_marks(
        self, git: Git, policy: Policy, table: Table, merges: Sequence[Commit]
    ) -> None:
        """Adds the marks of merges and of the pull requests that a file describes."""
        path = policy.pull_requests
        export = pull_requests_export.load(git.root / path, table) if path else None
        landing = find_landing_marks(git, self.commits, merges, export, table)
        # Of a commit without marks of its own, only the first line of the message was kept.
        whole = objects.parse_commits(git.objects(n for n in landing if not self._marks[n]))
        for name, marks in landing.items():
            self._marks[name] = [*self._marks[name], *marks]
            if name in whole:
                self.commits[name] = self.commits[name]._replace(message=whole[name].message)

    def is_marked(self, commit: str | None) -> bool:
        """Whether *commit* has a mark of its own."""
        return any(mark.evidence for mark in self._marks.get(commit or "", ()))

    def lacks_request(self, decision: Decision) -> bool:
        """Whether *decision* is about a line of a squash whose pull request is not here."""
        commit = self.commits.get(decision.provenance.commit or "")
        here = decision.is_requested or (commit and commit.id in self._through.fetched)
        open_to_more = decision.provenance.strength is not Strength.LINE
        return bool(commit and not here and open_to_more and is_squash(commit))

    def decide(self, hunks: Iterable[Hunk], tag: Mark | None = None) -> list[tuple[Decision, int]]:
        """
        The decisions about the lines of *hunks*, in order, each with its number of lines.

        *tag* is the mark at the top of their file.
        """
        tags = (tag,) if tag and self._policy.markers else ()
        plain = {} if tags else self._plain
        runs: list[tuple[Decision, int]] = []
        for hunk in hunks:
            if decision := plain.get(hunk.commit):
                runs.append((decision, hunk.count))
                continue
            for marks, count in split_by_marks(self._records, hunk):
                runs.append((self._decision(hunk.commit, (*marks, *tags)), count))
        return runs

    def _decision(self, name: str, marks: tuple[Mark, ...]) -> Decision:
        """The one decision about all lines of the commit *name* that have these *marks*."""
        if (decision := self._cache.get((name, marks))) is None:
            decision = self._cache[name, marks] = self._decide(name, marks)
        return decision

    def _decide(self, name: str, marks: tuple[Mark, ...]) -> Decision:
        if name == blame_hunks.NO_COMMIT:
            return attribution.UNBLAMED
        if blame_hunks.is_uncommitted(name):
            return attribution.UNCOMMITTED
        if name == blame_hunks.UNMARKED:
            return attribution.decide_without_commit(marks, self._policy)
        if name in self._boundaries and not marks:
            return attribution.BOUNDARY
        if name not in self.commits:
            return attribution.MISSING
        if wrote := next((mark for mark in marks if mark.rule == RULE), None):
            return self._decide_through(name, marks, wrote)
        own = () if name in self._boundaries else self._marks[name]
        return attribution.decide(self.commits[name], (*marks, *own), self._policy)

    def _decide_through(self, name: str, marks: tuple[Mark, ...], wrote: Mark) -> Decision:
        """The decision about lines of the squash *name* that a commit of its request *wrote*."""
        commit, own = self._through.find_marks(wrote)
        # The squash is what landed, and when; all else is of the commit that wrote the lines.
        landed = commit._replace(id=name, committed=self.commits[name].committed)
        unborne = self._through.unborne(name)
        own += (mark for mark in self._marks[name] if mark.evidence is Evidence.BRANCH)
        return attribution.decide(landed, (*marks, *own), self._policy, unborne)


def _read_commits(
    git: Git, table: Table, known: Kept, names: Iterable[str]
) -> tuple[dict[str, Commit], dict[str, list[Mark]]]:
    wanted = sorted(
        name
        for name in names
        if not blame_hunks.is_uncommitted(name) and name != blame_hunks.UNMARKED
    )
    pairs = list(marked_commits.read_commits(git, wanted, table, known.marks))
    commits = {commit.id: commit for commit, _ in pairs}
    return commits, {commit.id: marks for commit, marks in pairs}
