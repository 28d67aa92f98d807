import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from github_events_monitor.errors import Unreachable
from github_events_monitor.github.activity import PushActivity, parse_activity
from github_events_monitor.github.graphql.commits import parse_history
from github_events_monitor.github.resources import (
    DeploymentStatus,
    RepositoryInfo,
    parse_branches,
    parse_community_profile,
    parse_deployment_statuses,
    parse_deployments,
    parse_login,
    parse_releases,
    parse_repository,
    parse_security_advisories,
)
from github_events_monitor.github.workflow_runs import parse_workflow_runs
from github_events_monitor.observations import Deployment, Release

AT = "2026-11-20T08:00:00Z"


def body(value: Any) -> bytes:
    return json.dumps(value).encode()


def test_a_repository() -> None:
    info = parse_repository(
        body(
            {
                "id": 42,
                "full_name": "Octo/Hello",
                "owner": {"login": "Octo", "type": "Organization"},
                "default_branch": "trunk",
                "fork": True,
                "archived": True,
                "created_at": AT,
            }
        )
    )
    assert info == RepositoryInfo(42, "Octo/Hello", "trunk", fork=True, archived=True, created_at=AT)
    odd = parse_repository(b'{"id": 42, "full_name": "Octo/Hello", "fork": 1, "archived": "no"}')
    assert odd == RepositoryInfo(42, "Octo/Hello", None, fork=None, archived=None, created_at=None)


@pytest.mark.parametrize(
    "answer",
    [
        {"full_name": "a/b"},
        *({"id": wrong, "full_name": "a/b"} for wrong in (0, -1, 10**40)),
        {"id": 1},
        {"id": 1, "full_name": "a"},
        {"id": 1, "full_name": "\ud800/b"},
    ],
)
def test_an_answer_that_names_no_repository_is_nonsense(answer: dict[str, Any]) -> None:
    with pytest.raises(Unreachable):
        parse_repository(body(answer))


def test_activity() -> None:
    found = parse_activity(
        body(
            [
                {
                    "id": 1,
                    "ref": "refs/heads/main",
                    "before": "b",
                    "after": "a",
                    "timestamp": AT,
                    "activity_type": "force_push",
                    "actor": {"login": "ada"},
                },
                {"id": 2, "ref": "refs/heads/main", "timestamp": AT, "actor": None},
                {"id": 3, "ref": None, "timestamp": AT},
                {"id": 4, "ref": "refs/heads/main", "timestamp": "?"},
            ]
        )
    )
    assert found == [
        PushActivity(1, "refs/heads/main", "b", "a", AT, "force_push", "ada"),
        PushActivity(2, "refs/heads/main", None, None, AT, "push", None),
    ]


def test_releases_and_branches() -> None:
    row = {"id": 1, "tag_name": "v1", "name": "One", "draft": False, "prerelease": True, "published_at": AT}
    row |= {"html_url": "https://github.com/o/r/releases/tag/v1", "url": "https://api.github.com/repos/o/r/releases/1"}
    draft = {**row, "id": 4, "draft": True, "published_at": None}
    listed = [{**row, "author": {"login": "ada"}}, {"id": 2}, {"tag_name": "v3"}, draft, {**row, "author": None}]
    url = "https://github.com/o/r/releases/tag/v1"
    assert parse_releases(body(listed)) == [
        Release(id="1", tag="v1", published_at=AT, author_login=login, prerelease=True, url=url)
        for login in ("ada", None)
    ]
    assert parse_branches(body([{"name": "main"}, {"name": None}, {"name": "x/y"}])) == ["main", "x/y"]


def test_deployments() -> None:
    row = {"id": 1, "sha": "a", "ref": "main", "environment": "production", "task": "deploy", "created_at": AT}
    url = "https://api.github.com/repos/o/r/deployments/1"
    assert parse_deployments(body([{**row, "url": url}, {"sha": "b"}])) == [
        (1, Deployment(id="1", created_at=AT, sha="a", environment="production", url=url))
    ]
    statuses = body([{"id": 2, "state": "success", "environment": "production", "created_at": AT}, {"id": 3}])
    assert parse_deployment_statuses(statuses) == [DeploymentStatus("success", AT)]


@pytest.mark.parametrize(("said", "share"), [(-1, None), (0, 0), (57, 57), (100, 100), (101, None), (None, None)])
def test_the_community_profile_is_a_percentage(said: int | None, share: int | None) -> None:
    profile = body({"health_percentage": said, "files": {"readme": {"url": "x"}, "license": None}})
    assert parse_community_profile(profile) == share


def test_advisories() -> None:
    rows = [{"ghsa_id": "GHSA-1", "severity": "high", "state": "published"}, {"ghsa_id": "GHSA-2"}, {"state": "draft"}]
    assert parse_security_advisories(body(rows)) == [("GHSA-1", True), ("GHSA-2", False)]


FIXED, UNFIXED = {"patched_versions": "1.1.0"}, {"patched_versions": None}


@pytest.mark.parametrize(
    ("advisory", "is_open"),
    [
        ({"vulnerabilities": [FIXED]}, False), ({"vulnerabilities": [FIXED, UNFIXED]}, True),
        ({"vulnerabilities": [{"patched_versions": " "}]}, True), ({"vulnerabilities": []}, True),
        ({"vulnerabilities": [UNFIXED], "withdrawn_at": "2022-02-01T00:00:00Z"}, False),
        ({"vulnerabilities": [UNFIXED], "state": "closed"}, False),
        ({"vulnerabilities": [UNFIXED], "state": "draft"}, True), ({"vulnerabilities": "odd"}, True),
    ],
)  # fmt: skip
def test_published_is_not_open(advisory: dict[str, Any], is_open: bool) -> None:
    [found] = parse_security_advisories(body([{"ghsa_id": "GHSA-1", "state": "published", **advisory}]))
    assert found.is_open is is_open


@pytest.mark.parametrize(
    "parse",
    [
        parse_activity,
        parse_releases,
        parse_deployments,
        parse_deployment_statuses,
        parse_security_advisories,
        parse_branches,
        parse_repository,
        partial(parse_workflow_runs, "octo/hello"),
        parse_community_profile,
        lambda body: parse_history("octo/hello", body, "main"),
    ],
)
@pytest.mark.parametrize("answer", [b"", b"7", b"null", b"<html></html>"])
def test_another_kind_of_body_is_nonsense(parse: Callable[[bytes], object], answer: bytes) -> None:
    with pytest.raises(Unreachable):
        parse(answer)


@pytest.mark.parametrize(("account", "login"), [({"login": "Ada-L"}, "ada-l"), ({"login": ""}, None), ({}, None)])
def test_the_login_of_a_token_is_lower_case_or_unknown(account: dict[str, Any], login: str | None) -> None:
    assert parse_login(body(account)) == login


@pytest.mark.parametrize("name", ["a b", "mai\nn", "2026-11-20T12:00:00Z", "\ud800", "x" * 256, "a..b*"])
def test_a_default_branch_that_none_can_be_is_unknown(name: str) -> None:
    info = parse_repository(json.dumps({"id": 1, "full_name": "octo/hello", "default_branch": name}).encode())
    assert info.default_branch is None
