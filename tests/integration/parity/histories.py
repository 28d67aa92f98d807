"""Random histories: steps that a collector, an import or a user of the library could take, in any order."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from hypothesis import strategies as st

from github_events_monitor.infrastructure.database_interface import DatabaseManager, TableItem
from github_events_monitor.infrastructure.thread_wire import thread_to_dict
from github_events_monitor.insights.commits import analyse_commit
from github_events_monitor.instants import format_instant
from github_events_monitor.ledger import learn
from github_events_monitor.records import (
    CollectedBatch,
    Commit,
    CommitFile,
    CommitRecord,
    MetricRow,
    Reply,
    RepositoryState,
    Span,
    Thread,
)

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
REPOS = ("octo/hello", "octo/world", "other/thing")
ACTORS = ("ada", "Bob", "eve", "robot[bot]", "claude", "Zoë")
Step = tuple[str, Any]

minutes = st.integers(1, 60 * 24 * 80)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
numbers = st.integers(1, 6)


def ago(number: int) -> str:
    return format_instant(NOW - timedelta(minutes=number))


def _payloads(event_type: str) -> st.SearchStrategy[dict[str, Any]]:
    issue = st.fixed_dictionaries({"number": numbers, "title": texts, "user": st.fixed_dictionaries({"login": actors})})
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "PushEvent": st.fixed_dictionaries({"ref": refs, "head": shas, "size": st.integers(0, 3)}),
        "IssuesEvent": st.fixed_dictionaries({"action": st.sampled_from(["opened", "closed"]), "issue": issue}),
        "IssueCommentEvent": st.fixed_dictionaries(
            {"action": st.just("created"), "issue": issue, "comment": st.fixed_dictionaries({"body": texts})}
        ),
        "PullRequestEvent": st.fixed_dictionaries(
            {
                "action": st.sampled_from(["opened", "closed", "merged"]),
                "number": numbers,
                "score": st.floats(-1e9, 1e9),
            }
        ),
        "PullRequestReviewEvent": st.fixed_dictionaries({"action": st.just("created"), "pull_request": issue}),
        "ReleaseEvent": st.fixed_dictionaries(
            {"action": st.just("published"), "release": st.fixed_dictionaries({"tag_name": texts, "id": numbers})}
        ),
        "WatchEvent": st.just({"action": "started"}),
        "DeleteEvent": st.fixed_dictionaries({"ref": texts, "ref_type": st.sampled_from(["branch", "tag"])}),
        "OddEvent": st.dictionaries(texts, st.one_of(st.none(), st.booleans(), st.integers(), texts), max_size=3),
    }
    return kinds[event_type]


actors = st.sampled_from(ACTORS)
refs = st.sampled_from(["refs/heads/main", "refs/heads/dev", "refs/tags/v1"])
shas = st.integers(1, 40).map(lambda number: f"{number:040x}")
EVENT_TYPES = (
    "PushEvent", "IssuesEvent", "IssueCommentEvent", "PullRequestEvent", "PullRequestReviewEvent", "ReleaseEvent",
    "WatchEvent", "DeleteEvent", "OddEvent",
)  # fmt: skip


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    event_type = draw(st.sampled_from(EVENT_TYPES))
    return {
        "id": str(draw(st.integers(1, 120))),
        "event_type": event_type,
        "repo_name": draw(st.sampled_from((*REPOS, "Octo/Hello"))),
        "actor_login": draw(st.one_of(st.none(), actors)),
        "created_at": ago(draw(minutes)),
        "payload": draw(_payloads(event_type)),
    }


@st.composite
def commits(draw: st.DrawFn) -> CommitRecord:
    known = draw(st.booleans())
    files = (
        tuple(
            CommitFile(filename=name, additions=draw(st.integers(0, 50)), deletions=draw(st.integers(0, 50)))
            for name in sorted(draw(st.sets(st.sampled_from(["src/a.py", "README.md", "package.json", "Ünï.txt"]))))
        )
        if known
        else None
    )
    commit = Commit(
        sha=draw(shas),
        repo_name=draw(st.sampled_from(REPOS)),
        commit_date=ago(draw(minutes)),
        message=draw(st.sampled_from(["fix: it", "feat!: all\n\nBREAKING CHANGE: yes", "CVE-2026-1 fix", "wip", ""])),
        author_name=draw(texts),
        author_login=draw(st.one_of(st.none(), actors)),
        branches=tuple(sorted(draw(st.sets(st.sampled_from(["main", "dev"]))))),
        additions=sum(file.additions or 0 for file in files) if files is not None else None,
        deletions=sum(file.deletions or 0 for file in files) if files is not None else None,
        files_changed=len(files) if files is not None else None,
        source=draw(st.sampled_from(["api", "push", "webhook"])),
    )
    return CommitRecord(commit=commit, files=files, summary=analyse_commit(commit, files))


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    kind: Literal["comment", "review", "review_comment"] = draw(
        st.sampled_from(["comment", "review", "review_comment"])
    )
    return Reply(
        str(draw(numbers)),
        kind,
        ago(draw(minutes)),
        draw(st.one_of(st.none(), actors)),
        draw(st.sampled_from([None, "User", "Bot"])),
        draw(st.sampled_from(["approved", "changes_requested", "commented", None])) if kind == "review" else None,
    )


@st.composite
def threads(draw: st.DrawFn) -> Thread:
    kind: Literal["issue", "pull_request"] = draw(st.sampled_from(["issue", "pull_request"]))
    state: Literal["open", "closed", "merged"] = draw(
        st.sampled_from(["open", "closed", "merged"] if kind == "pull_request" else ["open", "closed"])
    )
    updated = draw(minutes)
    ended = ago(updated + draw(st.integers(0, 99))) if state != "open" else None
    found = draw(st.one_of(st.none(), st.lists(replies(), max_size=4)))
    return Thread(
        repo_name=draw(st.sampled_from((*REPOS, "Octo/Hello"))),
        number=draw(numbers),
        kind=kind,
        state=state,
        created_at=ago(updated + draw(minutes)),
        updated_at=ago(updated),
        closed_at=ended,
        merged_at=ended if state == "merged" else None,
        title=draw(st.one_of(st.none(), texts)),
        author_login=draw(st.one_of(st.none(), actors)),
        draft=draw(st.sampled_from([None, True, False])),
        labels=draw(st.sampled_from([None, (), ("bug", "Ünï")])),
        reviewers=draw(st.sampled_from([None, (), ("ada",)])),
        replies=tuple(found or ()),
        comments_complete=found is not None,
        reviews_complete=found is not None,
    )


@st.composite
def states(draw: st.DrawFn) -> RepositoryState:
    state = RepositoryState(
        repo_name=draw(st.sampled_from(REPOS)),
        full_name=None,
        default_branch=draw(st.sampled_from([None, "main"])),
        last_collected_at=ago(draw(st.integers(0, 60))),
        sources=("events",),
    )
    since = draw(minutes)
    for kind in draw(st.sets(st.sampled_from(["events", "commits", "archive", "threads"]))):
        state = RepositoryState(**{**_fields(state), "ledger": learn(state.ledger, kind, Span(ago(since), ago(0)))})
    return state


def _fields(state: RepositoryState) -> dict[str, Any]:
    return {name: getattr(state, name) for name in state.__struct_fields__}


steps = st.one_of(
    st.tuples(st.just("events"), st.lists(events(), min_size=1, max_size=12)),
    st.tuples(st.just("commits"), st.lists(commits(), min_size=1, max_size=5)),
    st.tuples(st.just("threads"), st.lists(threads(), min_size=1, max_size=5)),
    st.tuples(st.just("import"), st.lists(threads(), min_size=1, max_size=5)),
    st.tuples(st.just("pass"), st.tuples(states(), st.lists(commits(), max_size=3), st.lists(threads(), max_size=3))),
    st.tuples(st.just("watch"), st.sampled_from(REPOS)),
    st.tuples(st.just("unwatch"), st.sampled_from(REPOS)),
    st.tuples(st.just("observe"), st.tuples(st.sampled_from(REPOS), minutes)),
)


async def take(manager: DatabaseManager, step: Step) -> Any:
    """Take a step; return what the database said of it."""
    kind, value = step
    if kind == "events":
        return await manager.events.insert_events(value)
    if kind == "commits":
        return await manager.commits.insert_commits(value)
    if kind == "threads":
        return await manager.threads.save_threads(value)
    if kind == "import":
        return await manager.write_items([TableItem("threads", thread_to_dict(thread)) for thread in value])
    if kind == "pass":
        return await _collect(manager, *value)
    if kind in {"watch", "unwatch"}:
        return await getattr(manager.collector_state, kind)([value])
    repo, at = value
    row = MetricRow(
        key=repo,
        sort=f"force_push#{ago(at)}#{at}",
        data={"ref": "refs/heads/main", "before": "a" * 40, "after": "b" * 40, "actor": "eve", "timestamp": ago(at)},
    )
    return await manager.metrics.save_metrics("security_metrics", [row])


async def _collect(
    manager: DatabaseManager, state: RepositoryState, records: Sequence[CommitRecord], found: Sequence[Thread]
) -> Any:
    mine = tuple(record for record in records if record.commit.repo_name == state.repo_name)
    ours = tuple(thread for thread in found if thread.repo_name == state.repo_name)
    lease = await manager.collector_state.acquire_lease(state.repo_name, "me", ago(0), ago(-1))
    assert lease is not None
    stored = await manager.store(CollectedBatch(state=state, commits=mine, threads=ours), lease)
    await manager.collector_state.release_lease(lease)
    return stored
