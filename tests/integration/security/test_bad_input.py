"""Whatever comes in: what comes out is an answer or an error of ours, one sentence long."""

import gzip
import io
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_events_monitor.collecting.webhooks import receive_webhook
from github_events_monitor.errors import InvalidInput, MonitorError, NotFound, SettingsError
from github_events_monitor.infrastructure.questions.commit_details import COMMIT_DETAILS
from github_events_monitor.infrastructure.questions.cursors import open_page
from github_events_monitor.infrastructure.questions.developer_activity import DEVELOPER_ACTIVITY
from github_events_monitor.infrastructure.questions.recent_commits import RECENT_COMMITS, RecentCommitsQuery
from github_events_monitor.infrastructure.questions.repository_activity import EVENT_COUNTS, REPOSITORY_ACTIVITY
from github_events_monitor.infrastructure.questions.security_report import SECURITY_REPORT
from github_events_monitor.records import repo_key
from github_events_monitor.settings import Settings
from github_events_monitor.transfer import import_files
from tests.fake_github import NOW, event
from tests.integration.security.bad import FORGIVEN, NAMES, json_values, texts, values
from tests.integration.security.conftest import Stored

QUESTIONS: dict[str, tuple[str, ...]] = {
    "recent_commits": ("repo", "hours", "limit", "branch", "author", "until", "cursor"),
    "commit_details": ("repo", "sha"),
    "monitor_commits": ("repos", "hours", "limit_per_repo", "until"),
    "repository_activity": ("repo", "hours", "event_types", "actor", "limit", "until", "cursor"),
    "event_counts": ("repo", "hours", "until"),
    "trending_repositories": ("hours", "limit", "until"),
    "repository_health": ("repo", "hours", "until"),
    "developer_activity": ("repo", "actor", "hours", "until"),
    "security_report": ("repo", "hours", "until"),
    "event_anomalies": ("repo", "hours", "until"),
    "deployment_metrics": ("repo", "hours", "until"),
    "watch_repositories": ("add", "remove"),
}
LISTS = {"repos", "add", "remove", "event_types"}
NUMBERS = {"hours", "limit", "limit_per_repo"}


def shown(error: MonitorError) -> str:
    assert "\n" not in error.message
    assert 5 < len(error.message) < 1_000
    return error.message


def arguments(name: str) -> st.SearchStrategy[Any]:
    """What the surfaces let through: texts and lists of texts of any content, whole numbers of any size."""
    if name in LISTS:
        return st.lists(texts, max_size=3)
    return st.integers() | st.booleans() if name in NUMBERS else texts


@pytest.mark.parametrize("question", QUESTIONS)
def test_any_argument_is_answered_or_refused(stored: Stored, question: str) -> None:
    names = QUESTIONS[question]

    @given(st.fixed_dictionaries({}, optional={name: arguments(name) for name in names}), st.booleans())
    def ask(given_arguments: dict[str, Any], about_hello: bool) -> None:
        if "repo" in names and (about_hello or "repo" not in given_arguments):
            given_arguments["repo"] = "octo/hello"
        if question == "commit_details":
            given_arguments.setdefault("sha", "abc")
        try:
            stored.wait(stored.world.service.ask_by_name(question, given_arguments))
        except MonitorError as error:
            shown(error)

    ask()


@pytest.mark.parametrize("name", [name for name in NAMES if name not in FORGIVEN])
def test_a_name_that_is_none_is_refused_everywhere_before_anybody_is_asked(stored: Stored, name: str) -> None:
    asked = len(stored.world.github.requests)
    service, collector = stored.world.service, stored.world.collector
    works: list[Callable[[], Any]] = [
        lambda: service.ask(RECENT_COMMITS, repo=name),
        lambda: service.ask(COMMIT_DETAILS, repo=name, sha="abcdef1"),
        lambda: service.ask(SECURITY_REPORT, repo=name),
        lambda: service.ask(DEVELOPER_ACTIVITY, repo=name),
        lambda: collector.collect([name]),
    ]
    for work in works:
        with pytest.raises(InvalidInput, match=r"owner/name|repo is missing|repo must be text"):
            stored.wait(work())
    assert len(stored.world.github.requests) == asked


@pytest.mark.parametrize(
    "name", ["a b", "a" * 256, "a\x00", "a\u007f", "a~1", "a^", "a:b", "a?", "*", "a[", "a\\b", "\ud800"]
)
def test_a_branch_that_git_would_not_allow_is_refused_before_anybody_is_asked(stored: Stored, name: str) -> None:
    asked = len(stored.world.github.requests)
    with pytest.raises(InvalidInput, match=r"is not the name of a branch|branch must be text"):
        stored.wait(stored.world.service.ask(RECENT_COMMITS, repo="octo/hello", branch=name))
    assert len(stored.world.github.requests) == asked


def test_wrong_letter_case_is_the_same_repository(stored: Stored) -> None:
    assert stored.wait(stored.world.service.ask(RECENT_COMMITS, repo="OCTO/HELLO", hours=96)).repo == "Octo/Hello"


@given(st.text(max_size=400))
def test_a_key_is_plain_or_refused(name: str) -> None:
    try:
        key = repo_key(name)
    except InvalidInput as error:
        shown(error)
        return
    assert key.isascii()
    assert key == key.lower()
    assert key.count("/") == 1
    assert ".." not in key.split("/")
    assert len(key) <= 140


@given(st.data())
def test_a_tampered_cursor_is_refused(stored: Stored, data: st.DataObject) -> None:
    first = stored.wait(stored.world.service.ask(RECENT_COMMITS, repo="octo/hello", hours=96, limit=1))
    word = first.next_cursor
    at = data.draw(st.integers(0, len(word) - 1))
    other = data.draw(st.characters(codec="utf-8"))
    tampered = data.draw(st.sampled_from([word[:at] + other + word[at + 1 :], word[:at], word + other, other + word]))
    if tampered.strip() in {word, ""}:
        return
    with pytest.raises(InvalidInput, match="cursor"):
        stored.wait(stored.world.service.ask(RECENT_COMMITS, repo="octo/hello", cursor=tampered))


@given(st.one_of(st.text(max_size=200), st.binary(max_size=80).map(lambda raw: raw.decode("latin-1"))))
def test_a_cursor_made_up_is_refused(word: str) -> None:
    if word.strip().lower() not in {"", "null"}:
        with pytest.raises(InvalidInput):
            open_page("recent_commits", RecentCommitsQuery.read({"repo": "octo/hello", "cursor": word}), NOW)


@given(
    st.sampled_from(sorted(set(Settings.model_fields))),
    st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=60),
)
def test_a_setting_is_accepted_or_refused_in_one_line(name: str, value: str) -> None:
    before = os.environ.get(name.upper())
    os.environ[name.upper()] = value
    try:
        settings = Settings.load()
        settings.check_listening()
        settings.database_config()
        said = name.upper()
    except SettingsError as error:
        said = error.message
    finally:
        if before is None:
            del os.environ[name.upper()]
        else:
            os.environ[name.upper()] = before
    assert "\n" not in said
    assert name.upper() in said


def importing(stored: Stored, content: bytes) -> Any:
    stream = io.BytesIO(content)
    return stored.wait(import_files(stored.world.manager, ["-"], stdin=stream, clock=stored.world.clock))


GOOD = event(1, "WatchEvent", "ada", NOW, {"action": "started"}, "o/archived")


@given(st.lists(json_values | st.dictionaries(st.sampled_from(sorted(GOOD)), json_values), max_size=5), st.booleans())
def test_lines_of_an_archive_are_stored_or_named(stored: Stored, lines: list[Any], packed: bool) -> None:
    changed = [{**GOOD, **line} if isinstance(line, dict) else line for line in lines]
    content = b"\n".join(json.dumps(line).encode() for line in [GOOD, *changed])
    try:
        report = importing(stored, gzip.compress(content) if packed else content)
    except MonitorError as error:
        shown(error)
        return
    assert report.read == report.stored + report.already_there + report.skipped
    assert report.read == len(changed) + 1


@given(
    st.binary(max_size=300),
    st.sampled_from(
        [b"", b"\x1f\x8b", b"\x1f\x8b\x08\x00", b"[", b"{", b'{"format": "github-events-monitor", "version": 1}\n']
    ),
)
def test_a_file_of_anything_is_refused_in_a_sentence(stored: Stored, content: bytes, begin: bytes) -> None:
    with pytest.raises(MonitorError) as refused:
        importing(stored, begin + content)
    shown(refused.value)


@given(
    st.sampled_from(
        ["events", "commits", "commit_files", "event_patterns", "developer_metrics", "repository_health_metrics", "x"]
    ),
    json_values,
)
def test_an_item_of_an_export_is_stored_or_refused(stored: Stored, table: str, item: Any) -> None:
    lines: list[Any] = [{"format": "github-events-monitor", "version": 1}, {"table": table, "item": item}]
    try:
        importing(stored, b"\n".join(json.dumps(line).encode() for line in lines))
    except MonitorError as error:
        shown(error)


@given(
    st.sampled_from(["push", "issues", "pull_request", "release", "star", "create", "member", "ping", "x", ""]),
    json_values,
    st.dictionaries(
        st.sampled_from(
            [
                "repository",
                "sender",
                "action",
                "ref",
                "commits",
                "head_commit",
                "issue",
                "pull_request",
                "release",
                "after",
            ]
        ),
        json_values,
    ),
)
def test_a_webhook_body_is_received_or_refused(stored: Stored, kind: str, body: Any, fields: dict[str, Any]) -> None:
    whole = {"repository": {"id": 7, "full_name": "octo/hello"}, "sender": {"login": "ada"}, **fields}
    for sent in (whole, body):
        try:
            receipt = stored.wait(
                receive_webhook(stored.world.manager, stored.world.clock, kind, "delivery", json.dumps(sent).encode())
            )
        except MonitorError as error:
            shown(error)
        else:
            assert receipt.events in {0, 1}


@given(st.binary(max_size=200))
def test_a_webhook_body_that_is_no_json_is_refused(stored: Stored, body: bytes) -> None:
    try:
        stored.wait(receive_webhook(stored.world.manager, stored.world.clock, "push", "d", body))
    except InvalidInput as error:
        shown(error)


def test_injection_finds_nothing_and_breaks_nothing(stored: Stored) -> None:
    service = stored.world.service
    for text in ("' OR '1'='1", "%", "_", '"; DROP TABLE events; --', "*", "ada' --", "\\"):
        for answer in (
            stored.wait(service.ask(RECENT_COMMITS, repo="octo/hello", hours=96, author=text)),
            stored.wait(service.ask(REPOSITORY_ACTIVITY, repo="octo/hello", hours=96, actor=text)),
        ):
            assert not getattr(answer, "commits", ())
            assert not getattr(answer, "events", ())
        with pytest.raises((InvalidInput, NotFound)):
            stored.wait(service.ask(RECENT_COMMITS, repo="octo/hello", branch=text))
        with pytest.raises(InvalidInput):
            stored.wait(service.ask(REPOSITORY_ACTIVITY, repo="octo/hello", hours=96, event_types=[text]))
    assert stored.wait(service.ask(RECENT_COMMITS, repo="octo/hello", hours=96)).total_commits == 5


@given(values)
def test_the_future_and_the_far_past_are_refused_or_answered(stored: Stored, value: Any) -> None:
    for until in (
        str(value),
        datetime.max.replace(tzinfo=UTC).isoformat(),
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
    ):
        try:
            stored.wait(stored.world.service.ask(EVENT_COUNTS, repo="octo/hello", until=until))
        except MonitorError as error:
            shown(error)
