import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_events_monitor.github.facts import extract_facts
from github_events_monitor.insights.event_texts import MAX_TEXT, TextItem, texts_of, texts_of_thread
from github_events_monitor.insights.event_titles import describe_event
from github_events_monitor.records import Event, Thread
from github_events_monitor.text import clean
from tests.properties import examples

REPO = "Octo/Hello-World"
WEB = f"https://github.com/{REPO}"
HEAD, BEFORE = "8caa198fd979c763c4125b59c597fe5a84e0f7c0", "7e3bbe64c86807d484ee08aab0dfb8c8bfbab283"
AT = "2026-05-04T09:00:00Z"


def event_of(event_type: str, payload: Any) -> Event:
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return Event(
        id="42",
        event_type=event_type,
        created_at=AT,
        repo_name=REPO.lower(),
        actor_login="ann",
        payload=raw,
        facts=extract_facts(event_type, raw),
    )


def branches(number: int) -> dict[str, Any]:
    """A pull request as it is since October 2025: no title."""
    return {"number": number, "head": {"ref": "cleanup", "sha": HEAD}, "base": {"ref": "main"}}


@pytest.mark.parametrize(
    ("event_type", "payload", "title", "path"),
    [
        (
            "PushEvent",
            {"ref": "refs/heads/main", "head": HEAD, "before": BEFORE},
            "pushed to main (head 8caa198)",
            f"/compare/{BEFORE}...{HEAD}",
        ),
        (
            "PushEvent",
            {"ref": "refs/heads/main", "head": HEAD, "before": "0" * 40, "size": 2, "commits": [{}, {}]},
            "pushed 2 commits to main (head 8caa198)",
            f"/commit/{HEAD}",
        ),
        (
            "PushEvent",
            {"ref": "refs/heads/main", "after": HEAD, "before": BEFORE, "forced": True},
            "force-pushed to main (head 8caa198)",
            f"/compare/{BEFORE}...{HEAD}",
        ),
        ("PushEvent", {"ref": "refs/tags/v1", "head": HEAD}, "pushed to tag v1 (head 8caa198)", f"/commit/{HEAD}"),
        ("PushEvent", {"ref": "refs/heads/main", "head": "0" * 40}, "pushed to main (head 0000000)", None),
        ("PushEvent", {"ref": "refs/heads/main", "head": "../../evil"}, "pushed to main (head ../../e)", None),
        ("CreateEvent", {"ref": "v1.0", "ref_type": "tag"}, "created tag v1.0", "/tree/v1.0"),
        ("CreateEvent", {"ref": "odd/one"}, "created branch or tag odd/one", ""),
        ("CreateEvent", {"ref": None, "ref_type": "repository"}, "created the repository", ""),
        ("DeleteEvent", {"ref": "old/idea", "ref_type": "branch"}, "deleted branch old/idea", None),
        ("DeleteEvent", {}, "deleted a branch or tag", None),
        (
            "PullRequestEvent",
            {"action": "opened", "number": 44, "pull_request": branches(44)},
            "opened pull request #44 (cleanup → main)",
            "/pull/44",
        ),
        (
            "PullRequestEvent",
            {"action": "closed", "number": 44, "pull_request": {**branches(44), "merged": True, "title": "Tidy up"}},
            "merged pull request #44: Tidy up",
            "/pull/44",
        ),
        (
            "IssuesEvent",
            {"action": "labeled", "issue": {"number": 7, "title": "It breaks"}, "label": {"name": "bug"}},
            "labeled issue #7 (bug): It breaks",
            "/issues/7",
        ),
        (
            "IssueCommentEvent",
            {"action": "created", "issue": {"number": 7, "title": "It breaks"}, "comment": {"body": "Yes"}},
            "commented on issue #7: It breaks",
            "/issues/7",
        ),
        (
            "IssueCommentEvent",
            {"action": "created", "issue": {"number": 8, "pull_request": {}, "title": "Tidy"}, "comment": {}},
            "commented on pull request #8: Tidy",
            "/pull/8",
        ),
        ("IssuesEvent", {"action": "opened", "issue": {}}, "opened an issue", None),
        ("CommitCommentEvent", {"comment": {"commit_id": HEAD}}, "commented on commit 8caa198", f"/commit/{HEAD}"),
        ("CommitCommentEvent", {"comment": {"commit_id": "0" * 40}}, "commented on commit 0000000", None),
        (
            "PullRequestReviewEvent",
            {"action": "created", "review": {"state": "approved"}, "pull_request": branches(44)},
            "approved pull request #44",
            "/pull/44",
        ),
        (
            "PullRequestReviewCommentEvent",
            {"action": "created", "comment": {}, "pull_request": branches(44)},
            "commented on the code of pull request #44",
            "/pull/44",
        ),
        (
            "ReleaseEvent",
            {"action": "published", "release": {"tag_name": "v2", "name": "Two", "prerelease": True}},
            "published pre-release v2: Two",
            "/releases/tag/v2",
        ),
        (
            "DiscussionEvent",
            {"action": "created", "discussion": {"number": 3, "title": "Hi"}},
            "created discussion #3: Hi",
            "/discussions/3",
        ),
        (
            "DiscussionCommentEvent",
            {"action": "created", "discussion": {"number": 3, "title": "Hi"}, "comment": {}},
            "commented on discussion #3: Hi",
            "/discussions/3",
        ),
        ("ForkEvent", {"forkee": {"full_name": "ben/hello"}}, "forked to ben/hello", None),
        ("GollumEvent", {"pages": [{"title": "Home", "action": "created"}]}, "created wiki page Home", "/wiki"),
        ("MemberEvent", {"action": "added", "member": {"login": "ben"}}, "added member ben", None),
        ("PublicEvent", {}, "made the repository public", ""),
        ("WatchEvent", {"action": "started"}, "starred the repository", None),
        (
            "DeploymentEvent",
            {"action": "created", "deployment": {"sha": HEAD, "environment": "production"}},
            "began to deploy 8caa198 to production",
            f"/commit/{HEAD}",
        ),
        (
            "DeploymentStatusEvent",
            {"deployment_status": {"state": "failure", "environment": "production"}, "deployment": {"sha": HEAD}},
            "deployment to production: failure",
            f"/commit/{HEAD}",
        ),
        (
            "WorkflowRunEvent",
            {"workflow_run": {"name": "CI", "head_branch": "main", "head_sha": HEAD, "conclusion": "success"}},
            "workflow CI: success (main, 8caa198)",
            f"/commit/{HEAD}",
        ),
        ("CheckRunEvent", {"check_run": {"name": "lint", "status": "in_progress"}}, "check lint: in progress", None),
        ("CheckSuiteEvent", {"check_suite": {"conclusion": "failure"}}, "check suite: failure", None),
        (
            "StatusEvent",
            {"state": "success", "context": "ci", "sha": HEAD},
            "status ci: success (8caa198)",
            f"/commit/{HEAD}",
        ),
        ("TeamAddEvent", {}, "team add", None),
    ],
)
def test_titles_and_links(event_type: str, payload: dict[str, Any], title: str, path: str | None) -> None:
    assert describe_event(event_of(event_type, payload), REPO) == (title, None if path is None else WEB + path)


@pytest.mark.parametrize(
    ("event_type", "payload", "title"),
    [
        ("PullRequestEvent", {"action": "opened", "pull_request": {}}, "opened a pull request"),
        ("PullRequestEvent", {"action": "opened", "number": 4, "pull_request": {}}, "opened pull request #4"),
        (
            "PullRequestEvent",
            {"action": "opened", "number": 4, "pull_request": {"head": {"ref": "cleanup"}}},
            "opened pull request #4",
        ),
        (
            "PullRequestEvent",
            {"action": "opened", "number": 4, "pull_request": {}, "label": {"name": "x"}, "assignee": {"login": "y"}},
            "opened pull request #4",
        ),
        ("IssuesEvent", {"action": "unlabeled", "issue": {"number": 7}}, "unlabeled issue #7"),
        ("IssuesEvent", {"action": "assigned", "issue": {"number": 7}}, "assigned issue #7"),
        (
            "IssuesEvent",
            {"action": "assigned", "issue": {"number": 7}, "assignee": {"login": "ben"}},
            "assigned issue #7 (ben)",
        ),
        ("IssueCommentEvent", {"action": "edited", "issue": {"number": 7}}, "edited a comment on issue #7"),
        ("IssueCommentEvent", {"action": "deleted", "issue": {"number": 7}}, "deleted a comment on issue #7"),
        ("IssueCommentEvent", {"issue": {"number": 7}}, "commented on issue #7"),
        ("CommitCommentEvent", {"comment": {}}, "commented on a commit"),
        ("PullRequestReviewEvent", {"number": 4, "review": {"state": "COMMENTED"}}, "reviewed pull request #4"),
        ("PullRequestReviewEvent", {"number": 4, "review": {}}, "reviewed pull request #4"),
        (
            "PullRequestReviewEvent",
            {"number": 4, "review": {"state": "CHANGES_REQUESTED"}},
            "requested changes on pull request #4",
        ),
        (
            "PullRequestReviewEvent",
            {"action": "created", "number": 4, "review": {"state": "dismissed"}},
            "dismissed a review of pull request #4",
        ),
        (
            "PullRequestReviewEvent",
            {"action": "dismissed", "number": 4, "review": {"state": "approved"}},
            "dismissed a review of pull request #4",
        ),
        ("ReleaseEvent", {"action": "published", "release": {"tag_name": "v2"}}, "published release v2"),
        ("ReleaseEvent", {"release": {"tag_name": "v2", "name": "v2"}}, "published release v2"),
        ("ReleaseEvent", {"release": {"name": "Two"}}, "published release without a tag: Two"),
        ("ForkEvent", {"forkee": {}}, "forked the repository"),
        ("GollumEvent", {"pages": []}, "edited the wiki"),
        ("GollumEvent", {"pages": [{"page_name": "Home", "action": "edited"}]}, "edited wiki page Home"),
        (
            "GollumEvent",
            {"pages": [{"title": "Home", "action": "created"}, {"title": "End", "action": "edited"}]},
            "edited wiki pages Home, End",
        ),
        ("MemberEvent", {"action": "added", "member": {"login": " "}}, "added member without a name"),
        ("DeploymentEvent", {"deployment": {"ref": "v2"}}, "began to deploy v2 to an unnamed environment"),
        ("DeploymentEvent", {"deployment": {"environment": "staging"}}, "began to deploy something to staging"),
        ("CheckSuiteEvent", {"check_suite": {}}, "check suite: no result yet"),
    ],
)
def test_titles_say_no_more_than_is_known(event_type: str, payload: dict[str, Any], title: str) -> None:
    assert describe_event(event_of(event_type, payload), REPO)[0] == title


def test_a_title_that_the_payload_lacks_is_the_one_of_the_record() -> None:
    bare = event_of("PullRequestEvent", {"action": "opened", "pull_request": branches(44)})
    titled = event_of("PullRequestEvent", {"action": "opened", "pull_request": {**branches(44), "title": "Then"}})

    assert describe_event(bare, REPO, title="Now")[0] == "opened pull request #44: Now"
    assert describe_event(titled, REPO, title="Now")[0] == "opened pull request #44: Then"


def test_a_link_of_githubs_own_is_kept() -> None:
    url = f"{WEB}/issues/7#issuecomment-1"
    event = event_of("IssueCommentEvent", {"issue": {"number": 7}, "comment": {"html_url": url}})

    assert describe_event(event, REPO)[1] == url


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com.evil.example/x",
        "http://github.com/x/y",
        "javascript:alert(1)",
        "https://github.com/x/y) [click](https://evil.example",
        "https://github.com/x y",
        7,
    ],
)
def test_a_link_to_elsewhere_is_replaced(url: Any) -> None:
    event = event_of("IssuesEvent", {"action": "opened", "issue": {"number": 7, "html_url": url}})

    assert describe_event(event, REPO)[1] == f"{WEB}/issues/7"


def test_names_are_quoted_in_links() -> None:
    event = event_of("CreateEvent", {"ref": "a b?#c", "ref_type": "branch"})

    assert describe_event(event, REPO)[1] == f"{WEB}/tree/a%20b%3F%23c"


def test_another_server_has_its_own_links() -> None:
    event = event_of("IssuesEvent", {"action": "opened", "issue": {"number": 7, "html_url": f"{WEB}/issues/7"}})

    assert describe_event(event, REPO, web_url="https://git.example")[1] == f"https://git.example/{REPO}/issues/7"


def test_titles_are_cleaned_and_cut() -> None:
    title = "a\u202eb\u200bc\nd " + "long " * 100
    event = event_of("IssuesEvent", {"action": "opened", "issue": {"number": 7, "title": title}})

    shown = describe_event(event, REPO)[0]

    assert shown.startswith("opened issue #7: abc d long long")
    assert len(shown) == 160


def test_texts_come_with_their_authors() -> None:
    event = event_of(
        "IssueCommentEvent",
        {
            "issue": {"number": 7, "title": "It breaks", "body": "Always", "user": {"login": "ben"}},
            "comment": {"body": "x" * (MAX_TEXT + 10), "user": {"login": "cem"}},
        },
    )

    assert texts_of(event) == [
        TextItem("event:42", "ben", AT, "It breaks"),
        TextItem("event:42", "ben", AT, "Always"),
        TextItem("event:42", "cem", AT, "x" * MAX_TEXT),
    ]


@pytest.mark.parametrize(
    ("event_type", "payload", "texts"),
    [
        (
            "ReleaseEvent",
            {"release": {"tag_name": "v1", "name": "One", "body": "Notes", "author": {"login": "dee"}}},
            [("dee", "One"), ("dee", "Notes"), ("dee", "v1")],
        ),
        ("GollumEvent", {"pages": [{"title": "Home", "page_name": "Home"}]}, [("ann", "Home")]),
        (
            "CreateEvent",
            {"ref": "idea", "ref_type": "branch", "description": "About"},
            [("ann", "refs/heads/idea"), ("ann", "About")],
        ),
        (
            "PullRequestEvent",
            {"pull_request": {"head": {"ref": "cleanup"}}, "label": {"name": "bug"}},
            [("ann", "bug"), ("ann", "cleanup")],
        ),
        ("PullRequestReviewEvent", {"review": {"body": "Fine", "user": {"login": "ben"}}}, [("ben", "Fine")]),
    ],
)
def test_names_are_texts_too(event_type: str, payload: dict[str, Any], texts: list[tuple[str, str]]) -> None:
    assert [(item.author, item.text) for item in texts_of(event_of(event_type, payload))] == texts


KEYS = st.sampled_from(
    """action number ref ref_type head before issue pull_request comment review release pages forkee member discussion
    user title body html_url label assignee name login state size commits deployment deployment_status workflow_run
    sha""".split()  # noqa: SIM905 - a list of words reads better
)
TYPES = st.sampled_from(
    """PushEvent CreateEvent DeleteEvent PullRequestEvent IssuesEvent IssueCommentEvent GollumEvent DiscussionEvent
    CommitCommentEvent PullRequestReviewEvent PullRequestReviewCommentEvent ForkEvent ReleaseEvent MemberEvent
    PublicEvent WatchEvent DeploymentEvent DeploymentStatusEvent WorkflowRunEvent CheckRunEvent CheckSuiteEvent
    StatusEvent OddEvent""".split()  # noqa: SIM905 - a list of words reads better
)
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)


@examples(150)
@given(event_type=TYPES, payload=st.dictionaries(KEYS, ODD, max_size=10) | ODD)
def test_any_payload_gives_a_title(event_type: str, payload: Any) -> None:
    event = event_of(event_type, payload)

    title, url = describe_event(event, REPO)

    assert 0 < len(title) <= 160
    assert title.strip() == clean(title, 160, one_line=True)
    assert url is None or (url.startswith("https://github.com/") and url.isascii() and " " not in url)
    assert all(item.text and len(item.text) <= MAX_TEXT for item in texts_of(event))


@pytest.mark.parametrize("raw", [b"", b"null", b"[", b"{}", b"[" * 100_000, b'{"ref": 1' + b"0" * 5000 + b"}", b"\xff"])
def test_payloads_that_are_no_objects(raw: bytes) -> None:
    event = Event(id="42", event_type="PushEvent", created_at=AT, payload=raw)

    assert describe_event(event, REPO) == ("pushed to an unnamed ref", None)
    assert texts_of(event) == []


@pytest.mark.parametrize(
    ("payload", "title"),
    [
        ({"size": 5, "distinct_size": 2}, "pushed 2 new of 5 commits to main"),
        ({"size": 5, "distinct_size": 5}, "pushed 5 commits to main"),
        ({"size": 1, "distinct_size": 1}, "pushed 1 commit to main"),
        ({"size": 3, "distinct_size": 0, "commits": [{"distinct": False}] * 3}, "pushed to main"),
        ({"commits": [{"distinct": True}, {"distinct": False}, {}]}, "pushed 2 new of 3 commits to main"),
        ({"commits": [{"distinct": False}]}, "pushed to main"),
        ({"commits": "odd", "size": -1}, "pushed to main"),
        ({"commits": "odd", "size": 3}, "pushed 3 commits to main"),
        ({"commits": [{}, {}], "size": "5", "distinct_size": True}, "pushed 2 commits to main"),
    ],
)
def test_only_new_commits_are_new(payload: dict[str, Any], title: str) -> None:
    assert describe_event(event_of("PushEvent", {"ref": "refs/heads/main", **payload}), REPO)[0] == title


def test_the_title_of_a_thread_is_read_too() -> None:
    thread = Thread(
        repo_name="o/r", number=4, kind="pull_request", state="open", created_at=AT, updated_at=AT, title="Fix",
        head="cleanup", author_login="ann",
    )  # fmt: skip
    page = f"{WEB}/pull/4"
    assert texts_of_thread(thread, WEB) == [TextItem(page, "ann", AT, "Fix"), TextItem(page, "ann", AT, "cleanup")]
