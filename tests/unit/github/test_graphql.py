import json
from datetime import UTC, datetime, timedelta

import pytest

from github_events_monitor.errors import Forbidden, MonitorError, NotFound, RateLimited, Unreachable
from github_events_monitor.github.graphql.commits import parse_history
from github_events_monitor.github.graphql.protocol import check_graphql, graphql_url
from github_events_monitor.github.limits import RateLimit
from github_events_monitor.github.refusals import Request, Transient

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ASKED = Request("commit statistics of octo/hello", "api.github.com", True)


@pytest.mark.parametrize(
    ("api", "url"),
    [
        ("https://api.github.com", "https://api.github.com/graphql"),
        ("https://ghe.example.com/api/v3/", "https://ghe.example.com/api/graphql"),
        ("http://127.0.0.1:8390", "http://127.0.0.1:8390/graphql"),
    ],
)
def test_where_graphql_is_asked(api: str, url: str) -> None:
    assert graphql_url(api) == url


def test_statistics_by_sha() -> None:
    dated = {"committedDate": "2026-11-20T00:00:00Z"}
    nodes = [
        {**dated, "oid": "a" * 40, "additions": 3, "deletions": 0, "changedFilesIfAvailable": None},
        {**dated, "oid": "b" * 40, "additions": 1, "deletions": 1, "changedFilesIfAvailable": 2},
        {**dated, "oid": "c" * 40, "additions": 10**20, "deletions": -1},
        {**dated, "additions": 9},
        None,
    ]
    history = {"pageInfo": {"hasNextPage": True, "endCursor": "next"}, "nodes": nodes}
    body = json.dumps({"data": {"repository": {"object": {"history": history}}}}).encode()
    page = parse_history("octo/hello", body, "main")
    assert {one.sha[0]: (one.additions, one.deletions, one.files_changed) for one in page.commits} == {
        "a": (3, 0, None),
        "b": (1, 1, 2),
        "c": (None, None, None),
    }
    assert page.next_cursor == "next"


def test_an_unknown_branch_has_no_statistics() -> None:
    page = parse_history("octo/hello", b'{"data": {"repository": {"object": null}}}', "main")
    assert (page.commits, page.next_cursor) == ((), None)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("RATE_LIMITED", RateLimited),
        ("NOT_FOUND", NotFound),
        ("FORBIDDEN", Forbidden),
        ("INSUFFICIENT_SCOPES", Forbidden),
        ("SERVICE_UNAVAILABLE", Unreachable),
        (None, Unreachable),
    ],
)
def test_errors_that_come_with_status_200(kind: str | None, error: type[MonitorError]) -> None:
    body = json.dumps({"data": None, "errors": [{"type": kind, "message": "no"}]}).encode()
    with pytest.raises(error):
        check_graphql(body, ASKED, now=NOW, limit=None)


def test_the_graphql_limit_ends_at_its_own_reset() -> None:
    limit = RateLimit(5000, 0, 5000, NOW + timedelta(minutes=7), "graphql")
    with pytest.raises(RateLimited) as raised:
        check_graphql(b'{"errors": [{"type": "RATE_LIMITED"}]}', ASKED, now=NOW, limit=limit)
    assert raised.value.retry_at == limit.reset_at


@pytest.mark.parametrize("body", [b"{}", b'{"errors": []}', b'{"errors": null}', b"[]"])
def test_no_errors(body: bytes) -> None:
    check_graphql(body, ASKED, now=NOW, limit=None)


def test_errors_beside_data_leave_the_data_to_be_read() -> None:
    body = {"data": {"repository": {"threads": {"nodes": []}}}, "errors": [{"type": "NOT_FOUND", "path": ["x"]}]}
    check_graphql(json.dumps(body).encode(), ASKED, now=NOW, limit=None)


def test_a_limit_beside_data_is_a_limit() -> None:
    body = {"data": {"repository": {}}, "errors": [{"message": "You have exceeded a secondary rate limit."}]}
    with pytest.raises(RateLimited, match="secondary"):
        check_graphql(json.dumps(body).encode(), ASKED, now=NOW, limit=None)


def test_a_query_that_took_too_long_is_worth_a_smaller_one() -> None:
    body = {"data": {"repository": None}, "errors": [{"message": "Something went wrong while executing your query."}]}
    with pytest.raises(Transient, match="Something went wrong"):
        check_graphql(json.dumps(body).encode(), ASKED, now=NOW, limit=None)
