"""What REST's listings leave out of threads, and which stretches of the record lack it.

GraphQL brings all of a thread at once. Where it is refused a request for each thread fills in the rest, so that a pass
reads some of them; the ledger keeps which stretches are left.
"""

from collections.abc import Awaitable, Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from msgspec.structs import replace

from ..errors import Forbidden, InvalidInput, NotFound, Unreachable
from ..github.client import BudgetSpent, RequestBudget
from ..github.thread_lists import parse_reviews
from ..github.threads_merge import with_replies
from ..insights.threads import first_response_at
from ..instants import SECOND, shift
from ..records import Reply, Span, Thread
from ..side_by_side import side_by_side
from .pass_state import PassState

Read = Callable[[PassState, Thread, RequestBudget], Awaitable[Thread | None]]
"""Reads what a thread lacks. None: it is left as it is. Raises what GitHub answers."""


@dataclass(frozen=True)
class MissingPart:
    """Something that threads may lack.

    kind: of the stretches in which some do. of: whether a thread does. note: what to say while some are left.
    """

    kind: str
    of: Callable[[Thread], bool]
    note: str

    def remember(self, state: PassState, threads: Iterable[Thread]) -> None:
        """Remember which stretch has threads that lack it."""
        times = [thread.updated_at for thread in threads if self.of(thread)]
        if times:
            state.learn(self.kind, Span(min(times), min(shift(max(times), SECOND), state.now())))

    async def stored(self, state: PassState) -> list[Thread]:
        """Return the stored threads that lack it: those first without a known answer, then the newest.

        What they lack may hold that answer.
        """
        spans = state.known(self.kind)
        if not spans:
            return []
        stored = await state.manager.threads.get_threads(state.repo, spans[0].since)
        found = [one for one in stored if self.of(one) and any(s.since <= one.updated_at < s.until for s in spans)]
        found.sort(key=lambda thread: thread.updated_at, reverse=True)
        return sorted(found, key=lambda thread: first_response_at(thread) is not None)

    async def read_each(
        self, state: PassState, lacking: Sequence[Thread], budget: RequestBudget, read: Read
    ) -> list[Thread]:
        """Return threads with what they lacked, as many as the budget allows, each read by itself.

        What GitHub refuses of one is not asked for again; what it cannot answer now a later pass reads. Raises
        `RateLimited`.
        """
        found: dict[int, Thread | None] = {}

        async def attempt(thread: Thread) -> None:
            try:
                found[thread.number] = await read(state, thread, budget)
            except (BudgetSpent, Unreachable):
                return
            except (Forbidden, InvalidInput, NotFound):
                found[thread.number] = None

        await side_by_side([partial(attempt, thread) for thread in lacking[: budget.left]])
        self.settle(state, lacking, found)
        return [thread for thread in found.values() if thread is not None]

    def settle(self, state: PassState, lacking: Sequence[Thread], done: Container[int]) -> None:
        """Forget the stretches down to the newest thread that still lacks it."""
        spans = state.known(self.kind)
        if not spans:
            return
        left = [thread.updated_at for thread in lacking if thread.number not in done]
        end = shift(max(left), SECOND) if left else spans[0].since
        state.know(self.kind, *(Span(span.since, min(span.until, end)) for span in spans))
        if left:
            state.postpone(self.note)


REVIEWS = MissingPart(
    "threads/without_reviews",
    lambda thread: thread.kind == "pull_request" and not thread.reviews_complete,
    "reviews of older pull requests are read in later passes",
)


async def read_reviews(state: PassState, budget: RequestBudget) -> list[Thread]:
    """Return pull requests with the reviews that they lacked, as many as the budget allows."""
    return await REVIEWS.read_each(state, await REVIEWS.stored(state), budget, _read)


async def _read(state: PassState, thread: Thread, budget: RequestBudget) -> Thread:
    """Return the pull request with all its reviews. Raises what GitHub answers.

    https://docs.github.com/en/rest/pulls/reviews#list-reviews-for-a-pull-request
    """
    reviews: list[Reply] = []
    url: str | None = None
    while True:
        answer = await state.client.fetch_reviews(state.asked_name, thread.number, budget=budget, url=url)
        reviews += parse_reviews(answer.body)
        url = answer.next_url
        if url is None:
            break
    return replace(with_replies(thread, reviews), reviews_complete=True)
