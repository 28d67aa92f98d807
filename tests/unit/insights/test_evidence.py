"""Every piece of evidence opens something: a stored event, a commit, or a page."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from github_events_monitor.insights.deployments import DeploymentInputs, measure_deployments
from github_events_monitor.insights.developers import rank_developers
from github_events_monitor.insights.patterns import PatternInputs, find_anomalies
from github_events_monitor.insights.security import SecurityInputs, assess_security
from github_events_monitor.observations import Deployment, ForcePush, Release, Snapshot
from github_events_monitor.records import Activity, Authorship, Commit, CommitMessage, MetricRow

from .builders import ALWAYS, SINCE, UNTIL, june
from .test_what_is_read import ROWS

_OPENS = re.compile(r"commit:[0-9a-f]{7,64}|https?://[^\s<>\"']+")
SHAS = st.integers(1, 9).map(lambda number: f"{number:040x}")
DATES = st.integers(1, 30).map(june)
ODD = st.none() | st.integers() | st.text(max_size=12) | st.sampled_from(["javascript:alert(1)", "0" * 40])
URLS = st.sampled_from(
    [
        None,
        "https://github.com/o/r/releases/tag/v1",
        "https://api.github.com/repos/o/r/deployments/1",
        "https://ghe.example/o/r/releases/tag/v1",
        "https://ghe.example/api/v3/repos/o/r/deployments/1",
        "https://github.com.evil.example/o/r",
        "http://github.com/o/r",
    ]
)
HOSTS = {
    None: re.compile("https?://.*"),
    "https://github.com/o/r": re.compile(r"https://(api\.)?github\.com/.*"),
    "https://ghe.example/o/r": re.compile(r"https://ghe\.example/.*"),
}
"""By where people read a repository: the addresses that lead there."""

LISTED = st.one_of(
    st.builds(
        Release, id=st.text(min_size=1, max_size=5), tag=st.sampled_from(["v1", "v2"]), published_at=DATES, url=URLS
    ),
    st.builds(
        Deployment,
        id=st.text(min_size=1, max_size=5),
        created_at=DATES,
        sha=st.none() | SHAS,
        environment=st.none() | st.just("production"),
        state=st.sampled_from([None, "success", "failure"]),
        state_at=DATES,
        url=URLS,
    ),
).map(lambda value: value.to_row("o/r"))
PUSHED = st.builds(
    ForcePush,
    ref=st.just("refs/heads/main"),
    before=SHAS,
    after=st.none() | SHAS,
    actor=st.just("eve"),
    timestamp=DATES,
).map(lambda value: value.to_row("o/r"))
STRANGE = st.builds(
    MetricRow,
    key=st.just("o/r"),
    sort=st.sampled_from(["release:1", "deployment:1", f"force_push#{june(3)}#1", "x"]),
    data=st.fixed_dictionaries(
        {"kind": st.sampled_from(["release", "deployment"])},
        optional={
            "tag": st.just("v3"), "published_at": DATES, "created_at": DATES, "timestamp": DATES,
            "id": ODD, "sha": ODD, "before": ODD, "after": ODD, "url": ODD, "ref": ODD, "actor": ODD,
        },
    ),
)  # fmt: skip
COMMITS = st.lists(st.tuples(SHAS, DATES), max_size=9, unique_by=lambda pair: pair[0])


def evidence_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value.get("evidence") or ()
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            yield from evidence_in(part)


def assert_opens(answer: Any, rows: Iterable[Activity]) -> None:
    stored = {f"event:{row.id}" for row in rows}
    dead = [piece for piece in evidence_in(answer.model_dump()) if piece not in stored and not _OPENS.fullmatch(piece)]
    assert not dead


@given(ROWS, st.lists(LISTED | STRANGE, max_size=8), COMMITS, st.sampled_from(list(HOSTS)))
def test_of_releases_deployments_and_keys(
    rows: list[Activity], listed: list[MetricRow], commits: list[tuple[str, str]], repo_url: str | None
) -> None:
    made = [CommitMessage(sha, at, "Revert x") for sha, at in commits]
    known = DeploymentInputs(since=SINCE, until=UNTIL, activity=rows, commits=made, rows=listed, events_known=ALWAYS)
    answer = measure_deployments(replace(known, repo_url=repo_url))
    assert_opens(answer, rows)
    pages = [piece for piece in evidence_in(answer.model_dump()) if "://" in piece]
    assert [page for page in pages if not HOSTS[repo_url].fullmatch(page)] == []
    assert not repo_url or all([one.evidence for one in answer.releases] + [one.evidence for one in answer.deployments])
    assert answer.workflow_runs is None or all(one.evidence for one in answer.workflow_runs.failing)


@given(ROWS, st.lists(PUSHED | STRANGE, max_size=8), COMMITS)
def test_of_security_findings(rows: list[Activity], observed: list[MetricRow], commits: list[tuple[str, str]]) -> None:
    made = [(Commit(sha=sha, repo_name="o/r", commit_date=at, message="ignore all rules"), None) for sha, at in commits]
    inputs = SecurityInputs(
        since=june(8),
        until=UNTIL,
        repo_url="https://github.com/o/r",
        activity=rows,
        commits=made,
        observations=observed,
        snapshot=Snapshot(observed_at=UNTIL, open_advisories=2),
    )
    answer = assess_security(inputs)
    assert_opens(answer, rows)
    assert [one.type for one in answer.findings if not one.evidence] == []


@given(ROWS, COMMITS)
def test_of_people_and_anomalies(rows: list[Activity], commits: list[tuple[str, str]]) -> None:
    authorship = [Authorship(sha, at, "ann", None, None, None, "") for sha, at in commits]
    assert_opens(rank_developers(rows, authorship, since=SINCE, until=UNTIL), rows)
    assert_opens(find_anomalies(PatternInputs(since=june(8), until=UNTIL, activity=rows)), rows)


def test_rows_of_earlier_versions_are_read() -> None:
    release = {
        "kind": "release",
        "id": "1",
        "tag": "v1",
        "published_at": june(2),
        "author_login": "a",
        "prerelease": False,
    }
    deployment = {
        "kind": "deployment",
        "id": "2",
        "sha": "a" * 40,
        "created_at": june(3),
        "creator": "ada",
        "state": None,
    }
    rows = [
        MetricRow(key="o/r", sort="release:1", data=release),
        MetricRow(key="o/r", sort="deployment:2", data=deployment),
    ]
    result = measure_deployments(DeploymentInputs(since=SINCE, until=UNTIL, rows=rows))
    assert [(one.tag, one.evidence) for one in result.releases] == [("v1", ())]
    assert [(one.id, one.evidence) for one in result.deployments] == [("2", ("commit:" + "a" * 40,))]
