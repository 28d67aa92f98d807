"""Webhook payloads as records: when, what, and under which id."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_events_monitor.errors import InvalidInput
from github_events_monitor.github.webhooks import EVENT_TYPES, Delivered, parse_webhook, rekey, verify_signature
from github_events_monitor.records import Event

NOW = "2026-11-20T12:00:00Z"
EARLIER = "2026-11-20T11:00:00Z"
LATER = "2026-11-20T11:30:00Z"
REPOSITORY = {"id": 7, "full_name": "Octo/Hello", "default_branch": "main", "pushed_at": "2026-11-20T11:00:00+00:00"}


def parse(kind: str, payload: dict[str, Any], delivery: str = "d-1") -> Delivered:
    whole = {"repository": REPOSITORY, "sender": {"login": "ada"}, **payload}
    return parse_webhook(kind, delivery, json.dumps(whole).encode(), NOW)


def event_of(kind: str, payload: dict[str, Any], delivery: str = "d-1") -> Event:
    event = parse(kind, payload, delivery).event
    assert event is not None
    return event


def test_the_signature_is_githubs_documented_example() -> None:
    """https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries"""
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    secret = "It's a Secret to Everybody"
    assert verify_signature(secret, b"Hello, World!", signature)
    for wrong in (signature[:-1], signature.upper(), signature.removeprefix("sha256="), "", "ü", None):
        assert not verify_signature(secret, b"Hello, World!", wrong)
    assert not verify_signature(secret, b"Hello, World", signature)


@pytest.mark.parametrize(
    ("kind", "payload", "at"),
    [
        ("push", {"ref": "refs/heads/main", "after": "a" * 40}, EARLIER),
        ("create", {"ref": "v1", "ref_type": "tag"}, EARLIER),
        ("star", {"action": "created", "starred_at": EARLIER}, EARLIER),
        ("issues", {"action": "opened", "issue": {"number": 1, "created_at": EARLIER, "updated_at": LATER}}, EARLIER),
        ("issues", {"action": "closed", "issue": {"number": 1, "created_at": EARLIER, "updated_at": LATER}}, LATER),
        ("pull_request_review", {"action": "submitted", "review": {"id": 1, "submitted_at": EARLIER}}, EARLIER),
        ("release", {"action": "published", "release": {"id": 1, "published_at": LATER, "created_at": EARLIER}}, LATER),
        ("fork", {"forkee": {"id": 1, "created_at": EARLIER, "updated_at": LATER}}, EARLIER),
        (
            "check_run",
            {"action": "completed", "check_run": {"id": 1, "started_at": EARLIER, "completed_at": LATER}},
            LATER,
        ),
        ("check_run", {"action": "created", "check_run": {"id": 1, "started_at": EARLIER}}, EARLIER),
        (
            "issues",
            {
                "action": "opened",
                "issue": {"number": 1, "created_at": EARLIER, "updated_at": LATER},
                "changes": {"old_issue": {"number": 7}, "old_repository": {"full_name": "octo/old"}},
            },
            LATER,
        ),
        (
            "workflow_run",
            {"action": "requested", "workflow_run": {"id": 1, "created_at": EARLIER, "run_started_at": LATER}},
            LATER,
        ),
        ("status", {"id": 1, "state": "success", "created_at": EARLIER}, EARLIER),
        ("member", {"action": "added", "member": {"login": "bob"}}, NOW),
        ("issues", {"action": "opened", "issue": {"number": 1, "created_at": "yesterday"}}, NOW),
    ],
)
def test_an_event_is_dated_by_what_the_payload_says(kind: str, payload: dict[str, Any], at: str) -> None:
    assert event_of(kind, payload).created_at == at


def test_what_happens_twice_on_one_day_is_told_twice() -> None:
    def at(action: str, hour: int) -> Event:
        moment = f"2026-11-20T{hour}:00:00Z"
        return event_of("issues", {"action": action, "issue": {"number": 1, "updated_at": moment}})

    turns = [at("closed", 10), at("reopened", 11), at("closed", 12)]
    assert len({turn.id for turn in turns}) == 3
    assert at("closed", 10).id == turns[0].id


def test_an_issue_is_closed_when_it_says_so() -> None:
    issue = {"number": 1, "closed_at": EARLIER, "updated_at": LATER}
    assert event_of("issues", {"action": "closed", "issue": issue}).created_at == EARLIER
    assert event_of("issues", {"action": "labeled", "issue": issue}).created_at == LATER


def test_deliveries_without_a_time_are_told_apart_by_their_names() -> None:
    member = {"action": "added", "member": {"login": "bob"}}
    assert event_of("member", member, "d-1").id == event_of("member", member, "d-1").id
    assert event_of("member", member, "d-1").id != event_of("member", member, "d-2").id
    assert event_of("member", member, "").id == event_of("member", member, "").id
    removed = {"action": "removed", "member": {"login": "bob"}}
    assert event_of("member", removed).id != event_of("member", member).id


@pytest.mark.parametrize("forced", [True, False])
def test_a_moved_tag_is_stored_and_observed(forced: bool) -> None:
    delivered = parse("push", {"ref": "refs/tags/v1.2.0", "before": "b" * 40, "after": "a" * 40, "forced": forced})
    assert delivered.event is not None
    assert (delivered.event.event_type, delivered.commits) == ("PushEvent", ())
    [observed] = delivered.security
    assert (observed.data["ref"], observed.data["after"]) == ("refs/tags/v1.2.0", "a" * 40)


def test_a_new_tag_is_left_to_its_create_delivery() -> None:
    assert parse("push", {"ref": "refs/tags/v1.2.0", "after": "a" * 40, "created": True}).event is None
    assert parse("push", {"ref": "refs/tags/v1.2.0", "after": "0" * 40, "deleted": True}).event is None
    assert parse("push", {"ref": "refs/notes/x", "after": "a" * 40}).event is None


def test_a_pre_release_that_becomes_a_release_is_told() -> None:
    def told(action: str, *, prerelease: bool, **more: str) -> Event:
        release = {"id": 1, "tag_name": "v1.3.0", "prerelease": prerelease, "published_at": EARLIER, **more}
        return event_of("release", {"action": action, "release": release})

    early, final = told("published", prerelease=True), told("released", prerelease=False, updated_at=LATER)
    assert early.id != final.id
    assert (early.created_at, final.created_at) == (EARLIER, LATER)
    assert told("released", prerelease=False).created_at == NOW
    assert told("published", prerelease=False).id == told("released", prerelease=False).id


def test_a_push_may_say_its_time_in_seconds() -> None:
    payload = {"ref": "refs/heads/main", "after": "a" * 40, "repository": {**REPOSITORY, "pushed_at": 1763636400}}
    assert event_of("push", payload).created_at == "2025-11-20T11:00:00Z"


def test_the_record_has_the_payload_without_what_surrounds_it() -> None:
    event = event_of("issues", {"action": "opened", "issue": {"number": 1}, "organization": {"login": "octo"}})
    assert json.loads(event.payload) == {"action": "opened", "issue": {"number": 1}}
    assert (event.repo_name, event.actor_login, event.facts.number) == ("octo/hello", "ada", 1)


def test_a_star_has_the_feeds_word_for_it() -> None:
    event = event_of("star", {"action": "created", "starred_at": EARLIER})
    assert (event.event_type, event.facts.action) == ("WatchEvent", "started")


def test_both_deliveries_of_a_star_have_one_id() -> None:
    """GitHub's own examples of both say the same second, in which the repository was changed."""
    repository = {**REPOSITORY, "updated_at": EARLIER}
    star = event_of("star", {"action": "created", "starred_at": EARLIER, "repository": repository}, "d-1")
    watch = event_of("watch", {"action": "started", "repository": repository}, "d-2")
    assert (star.id, star.created_at, watch.created_at) == (watch.id, EARLIER, NOW)
    moved = rekey(parse("watch", {"action": "started", "repository": repository}, "d-2"), "octo/other").event
    same = rekey(parse("star", {"action": "created", "starred_at": EARLIER}, "d-1"), "octo/other").event
    assert moved is not None
    assert same is not None
    assert moved.id == same.id != star.id


def test_a_redelivery_is_the_same_event_and_another_delivery_of_the_same_happening_too() -> None:
    push = {"ref": "refs/heads/main", "after": "a" * 40}
    assert event_of("push", push, "d-1").id == event_of("push", push, "d-2").id
    unknown = {"action": "created", "comment": {}}
    assert event_of("commit_comment", unknown, "d-1").id == "delivery:d-1"
    assert event_of("commit_comment", unknown, "d-2").id == "delivery:d-2"


def test_the_same_happening_under_the_key_of_a_renamed_repository_has_the_id_of_that_key() -> None:
    push = {"ref": "refs/heads/main", "after": "a" * 40, "forced": True, "commits": [{"id": "a" * 40}]}
    moved = rekey(parse("push", push), "octo/old")
    assert moved.event is not None
    assert moved.event.id != event_of("push", push).id
    assert {moved.event.repo_name, moved.commits[0].repo_name, moved.security[0].key} == {"octo/old"}
    assert rekey(moved, "octo/old") is moved


def test_a_merged_pull_request_is_merged() -> None:
    payload = {"action": "closed", "number": 4, "pull_request": {"number": 4, "merged": True, "updated_at": LATER}}
    assert event_of("pull_request", payload).facts.action == "merged"


def test_a_number_beyond_any_float_is_unknown() -> None:
    body = b'{"action": "started", "x": 1e388, "y": "\\ud800", "repository": {"id": 7, "full_name": "octo/hello"}}'
    event = parse_webhook("star", "d", body, NOW).event
    assert event is not None
    assert json.loads(event.payload)["x"] is None


def test_a_name_that_cannot_be_shown_is_shown_as_such() -> None:
    assert parse("ping", {"repository": {"full_name": "a/\ud800"}}).full_name == "a/\ufffd"


def test_a_body_that_is_no_object_is_refused() -> None:
    for body in (b"", b"[]", b"null", b"payload=%7B%7D", b'{"a": NaN}', b"[" * 100_000):
        with pytest.raises(InvalidInput, match="JSON object"):
            parse_webhook("push", "d", body, NOW)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
FIELDS = (
    *("action", "ref", "before", "after", "forced", "created", "deleted", "commits", "starred_at", "created_at"),
    *("sender", "issue", "pull_request", "comment", "review", "release", "forkee", "deployment", "check_run", "pages"),
)


@given(
    kind=st.sampled_from(sorted(EVENT_TYPES)),
    fields=st.dictionaries(st.sampled_from(FIELDS), anything, max_size=6),
    repository=st.just(REPOSITORY) | st.dictionaries(st.sampled_from([*REPOSITORY, "updated_at"]), anything),
)
def test_whatever_a_payload_holds_is_a_record_or_a_reason(
    kind: str, fields: dict[str, Any], repository: dict[str, Any]
) -> None:
    found, said = None, ""
    try:
        found = parse(kind, {**fields, "repository": repository})
    except InvalidInput as refused:
        said = refused.message
    if found is None:
        assert "is not a repository" in said
        return
    assert (found.event is None) == (found.reason is not None)
    if found.event is not None:
        assert found.event.created_at.endswith("Z")
        json.loads(found.event.payload)
