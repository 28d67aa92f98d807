"""The network shell: paced, within a budget, retried where that helps, redirects followed by hand.

What answers mean is decided in `protocol`; parsing is left to others. Each `fetch_` method names its endpoint's
documentation. All take a `RequestBudget` and may raise `BudgetSpent`, and any of the `GitHubError` branch.
"""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import quote, urlencode

import httpx

from ..errors import NotFound
from ..instants import Clock
from ..records import repo_key
from .budget import BudgetSpent, RequestBudget, WaitNotice
from .graphql import documents
from .graphql.commits import HistoryPage, history_question, parse_history
from .graphql.introductions import Introduction, introduction_question, parse_introductions
from .graphql.looks import DeploymentsPage, Look, look_question, parse_deployments_page, parse_gone_issues, parse_looks
from .graphql.protocol import check_graphql, graphql_url, question
from .graphql.threads import Kind, MoreReplies, RepliesPage, ThreadsPage, parse_replies, parse_threads
from .graphql.unoffered import Unoffered
from .limits import RateLimit, parse_rate_limit_body
from .pace import Pace, Sleep
from .refusals import Request
from .session import Answer, Credentials, Session

__all__ = ["Answer", "BudgetSpent", "Credentials", "GitHubClient", "RequestBudget", "WaitNotice"]

PER_PAGE = 100
"""The largest page GitHub gives. It is part of the URL, so an ETag belongs to it."""

_MAX_FILE_PAGES = 10


class GitHubClient:
    """Ask one GitHub (github.com, an Enterprise Server, a stand-in). The first request opens the connection.

    Methods may be called beside one another: `Pace` decides how many requests are under way.

    Args:
        credentials: Asked for the header of every question; None to ask without a token.
        timeout: Seconds that one request may take, its body included; the budget's deadline shortens it.
        sleep: How limits are waited out.
        pace: How fast the host is asked; clients of one host share one.
    """

    def __init__(
        self,
        api_url: str,
        credentials: Credentials | None,
        clock: Clock,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: float = 20.0,
        sleep: Sleep = asyncio.sleep,
        pace: Pace | None = None,
    ) -> None:
        self._base = api_url.rstrip("/")
        self._clock = clock
        self._session = Session(self._base, credentials, clock, transport, timeout, sleep=sleep, pace=pace)
        self._unoffered = Unoffered(clock)
        self.authenticated = credentials is not None
        """Whether requests carry a token."""

    @property
    def rate_limit(self) -> RateLimit | None:
        """The REST limit as of GitHub's last answer; None before the first answer, or where there are no limits."""
        return self._session.limit("core")

    def allowance(self, repo: str) -> int | None:
        """Return which of several limits questions about a repository count against; None where there is one."""
        return self._session.allowance(repo.partition("/")[0])

    def has_graphql_threads(self, repo: str) -> bool:
        """Return whether `fetch_threads` may answer: there is a token, and GraphQL did not refuse that lately."""
        names = (documents.name_of(document) for document in (documents.PULL_REQUESTS, documents.ISSUES))
        return self.authenticated and not any(self._unoffered.find(self.allowance(repo), name) for name in names)

    async def aclose(self) -> None:
        """Close the connection; idempotent."""
        await self._session.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def fetch_repository(self, repo: str | int, *, budget: RequestBudget, etag: str | None = None) -> Answer:
        """Fetch metadata, by name or by lasting id: https://docs.github.com/en/rest/repos/repos#get-a-repository"""
        url = f"{self._base}/repositories/{repo}" if isinstance(repo, int) else self._repo_url(repo)
        return await self._get(repo, url, f"repository {repo}", budget, etag=etag)

    async def fetch_events(self, repo: str, page: int, *, budget: RequestBudget, etag: str | None = None) -> Answer:
        """Fetch a page (1 to 3) of the feed; each has its own ETag, so pages are asked for by number.

        https://docs.github.com/en/rest/activity/events#list-repository-events
        """
        url = self._repo_url(repo, "events", per_page=PER_PAGE, page=page)
        return await self._get(repo, url, f"events of {repo}", budget, etag=etag)

    async def fetch_commits(
        self,
        repo: str,
        *,
        budget: RequestBudget,
        since: str | None = None,
        until: str | None = None,
        branch: str | None = None,
        etag: str | None = None,
        url: str | None = None,
    ) -> Answer:
        """Fetch a page of commits by committer date, `until` inclusive; `url` is the `next_url` of the page before.

        https://docs.github.com/en/rest/commits/commits#list-commits
        """
        first = self._repo_url(repo, "commits", sha=branch, since=since, until=until, per_page=PER_PAGE)
        return await self._get(repo, url or first, f"commits of {repo}", budget, etag=etag)

    async def fetch_commit(self, repo: str, sha: str, *, budget: RequestBudget, page: int = 1) -> list[Answer]:
        """Fetch a commit with statistics and files, all pages of it from one on (300 files each, up to 3,000 files).

        When the budget ends in between, the pages so far; the last one's `next_url` then tells that there are more.
        https://docs.github.com/en/rest/commits/commits#get-a-commit
        """
        what = f"commit {sha[:12]} of {repo}"
        first = self._repo_url(repo, f"commits/{quote(sha, safe='')}", page=page if page > 1 else None)
        answers = [await self._get(repo, first, what, budget)]
        while (following := answers[-1].next_url) is not None and page + len(answers) <= _MAX_FILE_PAGES:
            try:
                answers.append(await self._get(repo, following, what, budget))
            except BudgetSpent:
                break
        return answers

    async def fetch_activity(
        self,
        repo: str,
        *,
        budget: RequestBudget,
        time_period: Literal["day", "week", "month", "quarter", "year"] | None = None,
        etag: str | None = None,
        url: str | None = None,
    ) -> Answer:
        """Fetch a page of pushes and branch changes: https://docs.github.com/en/rest/repos/repos#list-repository-activities"""
        first = self._repo_url(repo, "activity", time_period=time_period, per_page=PER_PAGE)
        return await self._get(repo, url or first, f"activity of {repo}", budget, etag=etag)

    async def fetch_branches(self, repo: str, *, budget: RequestBudget) -> Answer:
        """Fetch a hundred branches: https://docs.github.com/en/rest/branches/branches#list-branches"""
        return await self._listing(repo, "branches", budget)

    async def fetch_releases(self, repo: str, *, budget: RequestBudget, url: str | None = None) -> Answer:
        """Fetch a page of releases: https://docs.github.com/en/rest/releases/releases#list-releases"""
        return await self._listing(repo, "releases", budget, url)

    async def fetch_deployments(self, repo: str, *, budget: RequestBudget, url: str | None = None) -> Answer:
        """Fetch a page of deployments: https://docs.github.com/en/rest/deployments/deployments#list-deployments"""
        return await self._listing(repo, "deployments", budget, url)

    async def fetch_deployment_statuses(self, repo: str, deployment_id: int, *, budget: RequestBudget) -> Answer:
        """Fetch statuses of a deployment: https://docs.github.com/en/rest/deployments/statuses#list-deployment-statuses"""
        return await self._listing(repo, f"deployments/{int(deployment_id)}/statuses", budget)

    async def fetch_workflow_runs(
        self,
        repo: str,
        *,
        budget: RequestBudget,
        branch: str | None = None,
        created: str | None = None,
        etag: str | None = None,
        url: str | None = None,
    ) -> Answer:
        """Fetch a page of runs. `created`: a date or range such as `>=2026-01-01`, which caps the search at 1,000 runs.

        https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-repository
        """
        first = self._repo_url(repo, "actions/runs", branch=branch, created=created, per_page=PER_PAGE)
        return await self._get(repo, url or first, f"workflow runs of {repo}", budget, etag=etag)

    async def fetch_workflows(self, repo: str, *, budget: RequestBudget, url: str | None = None) -> Answer:
        """Fetch a page of workflows: https://docs.github.com/en/rest/actions/workflows#list-repository-workflows"""
        return await self._listing(repo, "actions/workflows", budget, url)

    async def fetch_community_profile(self, repo: str, *, budget: RequestBudget) -> Answer:
        """Fetch the profile, which forks do not have (404): https://docs.github.com/en/rest/metrics/community#get-community-profile-metrics"""
        url = self._repo_url(repo, "community/profile")
        return await self._get(repo, url, f"community profile of {repo}", budget)

    async def fetch_advisories(self, repo: str, *, budget: RequestBudget, url: str | None = None) -> Answer:
        """Fetch a page of advisories: https://docs.github.com/en/rest/security-advisories/repository-advisories"""
        return await self._listing(repo, "security-advisories", budget, url)

    async def fetch_issues(
        self, repo: str, *, budget: RequestBudget, per_page: int = PER_PAGE, etag: str | None = None, page: int = 1
    ) -> Answer:
        """Fetch a page of issues and pull requests, last updated first.

        https://docs.github.com/en/rest/issues/issues#list-repository-issues
        """
        return await self._updated(repo, "issues", budget, page, etag, per_page=per_page, state="all")

    async def fetch_issue_comments(self, repo: str, *, budget: RequestBudget, page: int) -> Answer:
        """Fetch a page of comments on issues and pull requests, last updated first.

        https://docs.github.com/en/rest/issues/comments#list-issue-comments-for-a-repository
        """
        return await self._updated(repo, "issues/comments", budget, page)

    async def fetch_review_comments(self, repo: str, *, budget: RequestBudget, page: int) -> Answer:
        """Fetch a page of comments on changes, last updated first.

        https://docs.github.com/en/rest/pulls/comments#list-review-comments-in-a-repository
        """
        return await self._updated(repo, "pulls/comments", budget, page)

    async def fetch_pulls(self, repo: str, *, budget: RequestBudget, page: int) -> Answer:
        """Fetch a page of pull requests with their branches, last updated first.

        https://docs.github.com/en/rest/pulls/pulls#list-pull-requests
        """
        return await self._updated(repo, "pulls", budget, page, state="all")

    async def fetch_issue_events(self, repo: str, *, budget: RequestBudget, url: str | None = None) -> Answer:
        """Fetch a page of what was done to issues and pull requests (closed, merged, labeled…), newest first.

        https://docs.github.com/en/rest/issues/events#list-issue-events-for-a-repository
        """
        return await self._listing(repo, "issues/events", budget, url)

    async def fetch_thread(
        self, repo: str, kind: Literal["issues", "pulls"], number: int, *, budget: RequestBudget
    ) -> Answer:
        """Fetch one thread: https://docs.github.com/en/rest/issues/issues#get-an-issue (says who closed it),
        https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request (says who merged it, and how much changed).
        """
        url = self._repo_url(repo, f"{kind}/{int(number)}")
        return await self._get(repo, url, f"{kind} {int(number)} of {repo}", budget)

    async def fetch_reviews(self, repo: str, number: int, *, budget: RequestBudget, url: str | None = None) -> Answer:
        """Fetch reviews, oldest first: https://docs.github.com/en/rest/pulls/reviews#list-reviews-for-a-pull-request"""
        return await self._listing(repo, f"pulls/{int(number)}/reviews", budget, url)

    async def fetch_place(
        self, place: str, *, budget: RequestBudget, owner: str | None = None, etag: str | None = None
    ) -> Answer:
        """Fetch a path of the API; `owner`: whose it is, where an installation of an App has to be chosen."""
        return await self._session.get(f"{self._base}/{place}", place.partition("?")[0], budget, owner=owner, etag=etag)

    async def fetch_rate_limit(self, *, budget: RequestBudget) -> RateLimit | None:
        """Fetch the limit, at no cost; None where there is none (an Enterprise Server answers 404).

        https://docs.github.com/en/rest/rate-limit/rate-limit#get-rate-limit-status-for-the-authenticated-user
        """
        try:
            answer = await self._session.get(f"{self._base}/rate_limit", "the rate limit", budget, free=True)
        except NotFound:
            return None
        limit = parse_rate_limit_body(answer.body)
        if limit is not None:
            await self._session.note_limit(limit)
        return limit

    async def fetch_history(
        self,
        repo: str,
        *,
        budget: RequestBudget,
        branch: str | None = None,
        default_branch: str | None = None,
        since: str | None = None,
        until: str | None = None,
        after: str | None = None,
    ) -> HistoryPage:
        """Fetch a hundred commits by GraphQL with messages, authors and statistics, from the branch's head; 1 point.

        `after` is the `next_cursor` of the page before. Raises `Forbidden` without a token and where GraphQL is
        refused, `Unreachable` where it fails: ask REST then.
        default_branch: its name, for the records; without `branch` it is the one that is asked about.
        """
        query = history_question(repo, branch, since, until, after)
        body = await self._ask(query, f"commits of {repo}", budget, repo)
        return parse_history(repo, body, branch or default_branch)

    async def fetch_threads(
        self,
        repo: str,
        kind: Kind,
        *,
        first: int,
        budget: RequestBudget,
        after: str | None = None,
        since: str | None = None,
    ) -> ThreadsPage:
        """Fetch a page of pull requests or issues by GraphQL with their replies, last updated first.

        Ask for fewer when it fails with `Transient`: GitHub ends a query after ten seconds.
        since: leaves out issues that were updated earlier; pull requests know no such filter.
        """
        if kind == "issue":
            query = question(documents.ISSUES, repo, first=first, after=after, since=since)
        else:
            query = question(documents.PULL_REQUESTS, repo, first=first, after=after)
        what = "issues" if kind == "issue" else "pull requests"
        return parse_threads(repo, kind, await self._ask(query, f"{what} of {repo}", budget, repo))

    async def fetch_replies(self, repo: str, more: MoreReplies, *, budget: RequestBudget) -> RepliesPage:
        """Fetch the next replies of a thread by GraphQL, a hundred of each kind that goes on."""
        variables = {
            "id": more.node_id,
            "comments": more.comments,
            "reviews": more.reviews,
            "withComments": more.comments is not None,
            "withReviews": more.reviews is not None,
        }
        query = {"query": documents.REPLIES, "variables": variables}
        return parse_replies(more, await self._ask(query, f"replies in {repo}", budget, repo))

    async def fetch_gone_issues(self, repo: str, numbers: Sequence[int], *, budget: RequestBudget) -> frozenset[int]:
        """Which of up to `documents.MOST_ISSUES` issues are in the repository no more, by GraphQL; 1 point."""
        query = question(documents.issues_document(numbers), repo)
        return parse_gone_issues(numbers, await self._ask(query, f"issues of {repo}", budget, repo))

    async def fetch_looks(self, repos: Sequence[str], *, budget: RequestBudget) -> dict[str, Look | None]:
        """Fetch what changed in up to `documents.MOST_LOOKS` repositories, by GraphQL; 3 points for a hundred.

        None for a repository that GitHub does not show; one is left out where its part of the answer failed.
        """
        body = await self._ask(look_question(repos), f"{len(repos)} repositories", budget, repos[0])
        return parse_looks(repos, body)

    async def fetch_introductions(self, repos: Sequence[str], *, budget: RequestBudget) -> dict[str, Introduction]:
        """Fetch who up to `documents.MOST_INTRODUCTIONS` repositories are, by GraphQL; 2 points for fifty.

        What GitHub does not show wholly is left out.
        """
        body = await self._ask(introduction_question(repos), f"{len(repos)} repositories", budget, repos[0])
        return parse_introductions(repos, body)

    async def fetch_deployments_with_status(
        self, repo: str, *, budget: RequestBudget, after: str | None = None
    ) -> DeploymentsPage:
        """Fetch sixty deployments with their latest statuses by GraphQL, newest first."""
        query = question(documents.DEPLOYMENTS, repo, after=after)
        return parse_deployments_page(await self._ask(query, f"deployments of {repo}", budget, repo))

    async def _ask(self, query: dict[str, Any], what: str, budget: RequestBudget, repo: str) -> bytes:
        """Return the body of a GraphQL answer that has data. It is tried once only.

        Raises `Forbidden` without a token and where GraphQL is refused, `Unreachable` where it fails: ask REST then.
        """
        url, name = graphql_url(self._base), documents.name_of(query["query"])
        with self._unoffered.noting(self.allowance(repo), name):
            return await self._session.post(url, what, budget, query, self._check, owner=_owner(repo))

    def _check(self, body: bytes, request: Request) -> None:
        check_graphql(body, request, now=self._clock(), limit=self._session.limit("graphql"))

    async def _listing(self, repo: str, path: str, budget: RequestBudget, url: str | None = None) -> Answer:
        what = f"{path.rsplit('/', maxsplit=1)[-1].replace('-', ' ')} of {repo}"
        return await self._get(repo, url or self._repo_url(repo, path, per_page=PER_PAGE), what, budget)

    async def _updated(
        self, repo: str, path: str, budget: RequestBudget, page: int, etag: str | None = None, **more: str | int
    ) -> Answer:
        """A page of a listing by last update. Without `since` its first page keeps its URL, and so its ETag."""
        order = {"sort": "updated", "direction": "desc"}
        url = self._repo_url(repo, path, **{"per_page": PER_PAGE, **more}, **order, page=page if page > 1 else None)
        return await self._get(repo, url, f"{path.replace('/', ' ')} of {repo}", budget, etag=etag)

    async def _get(
        self, repo: str | int, url: str, what: str, budget: RequestBudget, *, etag: str | None = None
    ) -> Answer:
        return await self._session.get(url, what, budget, owner=_owner(repo), etag=etag)

    def _repo_url(self, repo: str, path: str = "", **parameters: str | int | None) -> str:
        """Return a URL under the repository. Parameters keep their order: the same question has the same URL."""
        given = {name: value for name, value in parameters.items() if value is not None}
        url = "/".join(filter(None, (self._base, "repos", repo_key(repo), path)))
        return f"{url}?{urlencode(given)}" if given else url


def _owner(repo: str | int) -> str | None:
    return repo.partition("/")[0] if isinstance(repo, str) else None
