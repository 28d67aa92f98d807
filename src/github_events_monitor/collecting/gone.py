"""Issues that left the repository, deleted or moved to another one: no listing tells of that, so they are asked for.

Once a day with a token, a hundred for one request; who learns of it by a webhook knows it at once.
https://docs.github.com/en/issues/tracking-your-work-with-issues/administering-issues/transferring-an-issue-to-another-repository
"""

from ..errors import GitHubError
from ..github.client import BudgetSpent
from ..github.graphql.documents import MOST_ISSUES
from ..github.thread_events import gone_at
from ..github.threads_merge import GONE_REASON
from .pass_state import PassState

_QUESTIONS = 10
"""So many requests a day: those that were not updated for the longest time are asked for first."""


async def collect_gone(state: PassState) -> None:
    """Draft stored open issues that are in the repository no more as closed at this moment."""
    if not state.manager.threads.available:
        return
    stored = await state.manager.threads.get_threads(state.repo, state.now())
    issues = sorted(
        (
            thread
            for thread in stored
            if thread.kind == "issue" and thread.state == "open" and thread.number not in state.threads_seen
        ),
        key=lambda thread: (thread.updated_at, thread.number),
    )
    budget = state.budget.share(min(_QUESTIONS, state.budget.left // 8))
    chunks = [issues[start : start + MOST_ISSUES] for start in range(0, len(issues), MOST_ISSUES)]
    for chunk in chunks[:_QUESTIONS]:
        numbers = [issue.number for issue in chunk]
        try:
            gone = await state.client.fetch_gone_issues(state.asked_name, numbers, budget=budget)
        except (GitHubError, BudgetSpent):  # it is asked again tomorrow
            return
        for issue in chunk:
            if issue.number in gone and issue.number not in state.threads:
                state.threads[issue.number] = gone_at(issue, state.now(), GONE_REASON)
                state.modified = True


async def leave_former(state: PassState, taken_over_at: str) -> None:
    """Close what is stored as open of who had the name before: no listing tells of it any more, and numbers repeat."""
    threads = state.manager.threads
    if threads.available and not state.dry_run:
        stored = await threads.get_threads(state.repo, state.now())
        await threads.save_threads(
            [gone_at(thread, taken_over_at, GONE_REASON) for thread in stored if thread.state == "open"]
        )
