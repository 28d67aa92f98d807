"""The values all rooms speak: events, commits, files, and what is remembered about a repository.

They are frozen and know their wire form, the dict that `insert_events` takes, reads return and exports write.
Instants are text in the stored form (see `instants`); `repo_name` is always the lower-case key.
"""

import re
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from .errors import InvalidInput

MAX_KEY_TEXT = 255
"""Facts that index rows carry (refs, logins, subjects) are cut here, so that an index row stays small."""

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
"""A number that every engine and every reader of JSON holds exactly; checked where records come in from outside."""

PRERELEASE, RELEASE = "prerelease", "release"
"""What a payload says of a release; see `Facts.subject`."""

GONE = frozenset({"deleted", "unpublished"})
"""Actions that say a release is there no more: https://docs.github.com/en/webhooks/webhook-events-and-payloads#release"""

WEBHOOK = "webhook"
"""A source that tells of each change, and proves no stretch of time."""

_REPO = re.compile(r"[A-Za-z0-9_-]{1,39}/(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,100}")
"""Old accounts have names that GitHub gives to none today (`-Ada-`): whether there is one is GitHub's to say."""


def repo_key(repo: str) -> str:
    """Return the lower-case key of "owner/name". Raises `InvalidInput` for anything GitHub could not have named so."""
    name = repo.strip() if isinstance(repo, str) else ""
    if not _REPO.fullmatch(name):
        raise InvalidInput(
            f"{str(repo)[:80]!r} is not a repository; write it as owner/name, for instance microsoft/vscode"
        )
    return name.lower()


def name_by_id(repository_id: int) -> str:
    """Return a name that no repository can have (no owner ends with a hyphen), for finding a key by id."""
    return f"repository-id-/{repository_id}"


class Facts(NamedTuple):
    """What questions need from a payload, taken out once at insertion so that no answer parses JSON.

    action: the payload's action; `merged` also for a pull request closed with merged=true (the form before 2025-10).
    number: of the issue, pull request or discussion; GitHub's id of a run or release, or of a deployment and its
        statuses.
    ref: full ref (refs/heads/…) of a push, creation or deletion, tag of a release, branch of a run (fork:branch).
    sha: head of a push, of a pull request, of a deployment or run.
    subject: what it is about: author of the issue or pull request, member added, environment, workflow (see
        `github.workflow_names`); of a release `PRERELEASE` or `RELEASE`, as the payload says.
    """

    action: str | None = None
    number: int | None = None
    ref: str | None = None
    sha: str | None = None
    subject: str | None = None


class Activity(msgspec.Struct, frozen=True, gc=False):
    """An event without its payload: the narrow row that insights read, by the ten thousand."""

    id: str
    event_type: str
    created_at: str
    actor_login: str | None
    action: str | None
    number: int | None
    ref: str | None
    sha: str | None
    subject: str | None


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One event. `payload` is JSON text as bytes (`b"null"` when there is none), parsed only when shown."""

    id: str
    event_type: str
    created_at: str
    repo_name: str | None = None
    actor_login: str | None = None
    payload: bytes = b"{}"
    facts: Facts = Facts()


class EventSource(msgspec.Struct, frozen=True):
    """A repository as an event names it: GitHub's spelling and its lasting id."""

    full_name: str
    repository_id: int | None = None


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """One commit of one repository. `None` means not known (yet), never zero.

    commit_date: committer date, the time that windows select by. For commits known only from a push payload it is
    the push's time (`source` "push") until GitHub's own date replaces it.
    branches: those it was seen to be reachable from; `branches.replaced_on(branch)` after a force push replaced it.
    additions, deletions, files_changed: null until the commit's details were fetched.
    """

    sha: str
    repo_name: str
    commit_date: str
    message: str = ""
    author_name: str | None = None
    author_email: str | None = None
    author_login: str | None = None
    author_type: str | None = None
    committer_login: str | None = None
    authored_at: str | None = None
    parents: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    additions: Count | None = None
    deletions: Count | None = None
    files_changed: Count | None = None
    source: Literal["api", "push", "webhook"] = "api"


class CommitFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a commit; `patch` is never stored."""

    filename: str
    status: str = "modified"
    additions: Count | None = None
    deletions: Count | None = None
    previous_filename: str | None = None


class CommitSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What commit analysis says, computed once at ingestion; `rules` is the version of the rules that said it."""

    text: str
    categories: tuple[str, ...] = ()
    impact_score: Count = 0
    risk_level: Literal["low", "medium", "high"] = "low"
    breaking: bool = False
    security_relevant: bool = False
    reasons: tuple[str, ...] = ()
    rules: Count = 1


class CommitRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A commit with what is known around it. `files` is null until details were fetched."""

    commit: Commit
    files: tuple[CommitFile, ...] | None = None
    summary: CommitSummary | None = None


class Reply(NamedTuple):
    """A comment or a review below an issue or pull request.

    id: GitHub's own number of it, as text; unique within its kind.
    author_type: GitHub's kind of account ("User", "Bot"), None when not known; author_login is None for a deleted one.
    state: of a review: approved, changes_requested, commented, dismissed; None for comments.
    """

    id: str
    kind: Literal["comment", "review", "review_comment"]
    created_at: str
    author_login: str | None = None
    author_type: str | None = None
    state: str | None = None


class Thread(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An issue or pull request with its replies, as GitHub keeps it. `None` means not known, never zero or none.

    state: "merged" only for pull requests. closed_by, merged_by, author_login: logins as the REST API spells them
    (bots end in `[bot]`). review_decision: approved, changes_requested, review_required.
    reviewers: logins whose review is requested at present. comments: GitHub's own count of issue comments.
    replies: oldest first. comments_complete, reviews_complete: whether `replies` holds all of that kind as of
    `updated_at`; reviews without any comment are only known from GraphQL, `/pulls/{n}/reviews` and webhooks.
    by_event: its last change is known from an event of the feed alone, whose time may be some seconds late.
    ending_known: GitHub was asked who closed or merged it: None for both then is an account that is gone.
    """

    repo_name: str
    number: Count
    kind: Literal["issue", "pull_request"]
    state: Literal["open", "closed", "merged"]
    created_at: str
    updated_at: str
    title: str | None = None
    author_login: str | None = None
    author_type: str | None = None
    state_reason: str | None = None
    draft: bool | None = None
    closed_at: str | None = None
    merged_at: str | None = None
    closed_by: str | None = None
    merged_by: str | None = None
    base: str | None = None
    head: str | None = None
    head_sha: str | None = None
    merge_sha: str | None = None
    additions: Count | None = None
    deletions: Count | None = None
    changed_files: Count | None = None
    review_decision: str | None = None
    reviewers: tuple[str, ...] | None = None
    labels: tuple[str, ...] | None = None
    comments: Count | None = None
    replies: tuple[Reply, ...] = ()
    comments_complete: bool = False
    reviews_complete: bool = False
    ending_known: bool = False
    by_event: bool = False


class Authorship(msgspec.Struct, frozen=True, gc=False):
    """A commit without its text: the narrow row that insights read."""

    sha: str
    commit_date: str
    author_login: str | None
    author_name: str | None
    author_email: str | None
    author_type: str | None
    co_authors: str
    """`Name <email>` of every Co-authored-by trailer, one a line; empty when there is none."""


class CommitMessage(msgspec.Struct, frozen=True, gc=False):
    """A commit's text without all else that is known of it."""

    sha: str
    commit_date: str
    message: str


class Span(NamedTuple):
    """A stretch of time, since <= t < until."""

    since: str
    until: str


class Ledger(msgspec.Struct, frozen=True, kw_only=True):
    """What is completely known about a repository: disjoint spans in order, for each kind of record.

    kinds: "events", "commits" (default branch), "commits:<branch>" for another branch that was asked for,
    "archive" (whole hours of GH Archive that were imported for this repository; those imported for all are kept once,
    see `CollectorState.get_archive_hours`).
    """

    spans: dict[str, tuple[Span, ...]] = {}


class Refusal(NamedTuple):
    """Something that GitHub could not give: why, how often in a row, and when it is asked again."""

    reason: str
    times: int
    retry_at: str


Why = Literal["forced", "remade", "default"]
"""Why a branch has other commits by now: a force push, a deletion or creation, or another branch in its place."""


class Rewriting(NamedTuple):
    """A delivery that says that a branch has other commits by now: when it came, what happened, and its name."""

    at: str
    why: Why
    delivery: str


class RepositoryState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the collector remembers about a repository. Small: it is written after every pass.

    full_name: GitHub's latest spelling. commits_floor: the fixed `since` of the commit listing, so that its URL and
    ETag stay the same. heads: the newest commit of each kind of listing, by which a force push is noticed.
    etags: by short name of the resource (`events/1`, `commits`, `activity`…).
    not_modified: how many 304 answers in a row each resource gave. error_*: how the last attempt failed, null after a
    success. next_poll_at: GitHub's `X-Poll-Interval` or limit allows no poll before it. snapshot_at: when what can
    only be observed in the present (settings, CI, advisories, releases) was last read. taken_over_at: another one had
    the name, and what is older than this may be that one's; None where none was noticed. refused: what GitHub could not
    give, by name (`commit:<sha>`), so that it does not stand in the way of what comes after it. rejoined: by kind of
    listing the `Rewriting` that it was last joined anew after. Never stored: rewritten, those of which it is not known
    yet what they did; looked_at, when a look found it unchanged; unsettled, what was stored moments ago is not all to
    be found yet.
    """

    repo_name: str
    full_name: str | None = None
    repository_id: int | None = None
    default_branch: str | None = None
    branches: tuple[str, ...] = ()
    etags: dict[str, str] = {}
    not_modified: dict[str, int] = {}
    commits_floor: str | None = None
    heads: dict[str, str] = {}
    ledger: Ledger = Ledger()
    sources: tuple[str, ...] = ()
    last_collected_at: str | None = None
    last_attempt_at: str | None = None
    snapshot_at: str | None = None
    taken_over_at: str | None = None
    next_poll_at: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    retry_at: str | None = None
    refused: dict[str, Refusal] = {}
    rejoined: dict[str, Rewriting] = {}
    rewritten: dict[str, Rewriting] = {}
    looked_at: str | None = None
    unsettled: bool = False


class PatternPage(NamedTuple):
    """A page of a listing of repositories: its ETag, who is on it, and whether another page follows."""

    etag: str | None
    repos: tuple[str, ...]
    more: bool


class Pattern(msgspec.Struct, frozen=True, kw_only=True):
    """A word of the watch list that stands for several repositories, and for which ones it stood when GitHub was asked.

    word: lower case. watched: True and False for what a person added and took off, None where only settings name it.
    place: the path of the listing that answered. note: what went or failed when it was resolved last.
    """

    word: str
    watched: bool | None = None
    repos: tuple[str, ...] = ()
    resolved_at: str | None = None
    place: str | None = None
    pages: tuple[PatternPage, ...] = ()
    note: str | None = None


class Notified(msgspec.Struct, frozen=True, kw_only=True):
    """What a target of notifications was told of.

    sent_at: the last message. items: by digest the day on which a told item was last there. repos: keys of the
    repositories whose items count as new. since: the instant from which on something may not have been told yet.
    """

    sent_at: str | None = None
    items: dict[str, str] = {}
    repos: tuple[str, ...] = ()
    since: str | None = None


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader was told of a repository: digests of all that happened from `since` on up to the reader's mark."""

    since: str
    keys: tuple[str, ...] = ()


class Lease(NamedTuple):
    """The right to collect one repository until `expires_at`; `epoch` grows with every holder and fences writes."""

    repo_name: str
    owner: str
    epoch: int
    expires_at: str


class MetricRow(msgspec.Struct, frozen=True, kw_only=True):
    """A stored result or observation: `key` (repository or login), `sort` (see `MetricsRepository`), and its data."""

    key: str
    sort: str
    data: dict[str, Any]


class CollectedBatch(msgspec.Struct, frozen=True, kw_only=True):
    """All that one step of collecting learned about one repository: stored together or not at all."""

    state: RepositoryState
    events: tuple[Event, ...] = ()
    commits: tuple[CommitRecord, ...] = ()
    security: tuple[MetricRow, ...] = ()
    deployments: tuple[MetricRow, ...] = ()
    threads: tuple[Thread, ...] = ()


class Stored(NamedTuple):
    """What was really new in a batch."""

    events: int = 0
    commits: int = 0

    def plus(self, other: "Stored") -> "Stored":
        """Return both together."""
        return Stored(self.events + other.events, self.commits + other.commits)
