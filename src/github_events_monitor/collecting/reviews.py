"""Reviews of pull requests one by one, where REST's listings told of the pull requests alone.

GraphQL brings reviews with their pull requests. Where it is refused each pull request costs a request, so that a pass
reads some of them, newest first; which stretches of the record lack them is kept in the ledger.
https://docs.github.com/en/rest/pulls/reviews#list-reviews-for-a-pull-request
"""

from collections.abc import Container, Iterable, Sequence
from datetime import timedelta
from functools import partial

from msgspec.structs import replace

from ..errors import Forbidden, InvalidInput, NotFound, Unreachable
from ..github.client import BudgetSpent, RequestBudget
from ..github.thread_lists import parse_reviews
from ..github.threads_merge import with_replies
from ..instants import shift
from ..records import Reply, Span, Thread
from ..side_by_side import side_by_side
from .pass_state import PassState

KIND = "threads/without_reviews"

_SECOND = timedelta(seconds=1)


def note_without_reviews(state: PassState, threads: Iterable[Thread]) -> None:
    """Remember which stretch has pull requests whose reviews are not known."""
    times = [thread.updated_at for thread in threads if _lacks_reviews(thread)]
    if times:
        state.learn(KIND, Span(min(times), min(shift(max(times), _SECOND), state.now())))


async def read_reviews(state: PassState) -> list[Thread]:
    """Return pull requests with the reviews that they lacked, as many as half of what is left of the budget allows."""
    spans, most = state.known(KIND), state.budget.left // 2
    if not (state.with_token and spans and most > 0):
        return []
    stored = await state.manager.threads.get_threads(state.repo, spans[0].since)
    lacking = [one for one in stored if _lacks_reviews(one) and any(s.since <= one.updated_at < s.until for s in spans)]
    lacking.sort(key=lambda thread: thread.updated_at, reverse=True)
    budget = state.budget.share(most)
    found: dict[int, Thread | None] = {}

    async def read(thread: Thread) -> None:
        try:
            found[thread.number] = await _read(state, thread, budget)
        except (BudgetSpent, Unreachable):
            return  # a later pass reads them
        except (Forbidden, InvalidInput, NotFound):
            found[thread.number] = None

    await side_by_side([partial(read, thread) for thread in lacking[:most]])
    _settle(state, spans, lacking, found)
    return [thread for thread in found.values() if thread is not None]


def _lacks_reviews(thread: Thread) -> bool:
    return thread.kind == "pull_request" and not thread.reviews_complete


async def _read(state: PassState, thread: Thread, budget: RequestBudget) -> Thread:
    """Return the pull request with all its reviews. Raises what GitHub answers."""
    reviews: list[Reply] = []
    url: str | None = None
    while True:
        answer = await state.client.fetch_reviews(state.asked_name, thread.number, budget=budget, url=url)
        reviews += parse_reviews(answer.body)
        url = answer.next_url
        if url is None:
            break
    return replace(with_replies(thread, reviews), reviews_complete=True)


def _settle(state: PassState, spans: Sequence[Span], lacking: Sequence[Thread], done: Container[int]) -> None:
    """Forget the stretches down to the newest pull request whose reviews are still to be read."""
    left = [thread.updated_at for thread in lacking if thread.number not in done]
    end = shift(max(left), _SECOND) if left else spans[0].since
    state.know(KIND, *(Span(span.since, min(span.until, end)) for span in spans))
    if left:
        state.postpone("reviews of older pull requests are read in later passes")
