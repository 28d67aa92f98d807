"""Reviews of pull requests one by one, where REST's listings told of the pull requests alone.

https://docs.github.com/en/rest/pulls/reviews#list-reviews-for-a-pull-request
"""

from msgspec.structs import replace

from ..github.client import RequestBudget
from ..github.thread_lists import parse_reviews
from ..github.threads_merge import with_replies
from ..records import Reply, Thread
from .lacking import Lack
from .pass_state import PassState

REVIEWS = Lack(
    "threads/without_reviews",
    lambda thread: thread.kind == "pull_request" and not thread.reviews_complete,
    "reviews of older pull requests are read in later passes",
)


async def read_reviews(state: PassState, budget: RequestBudget) -> list[Thread]:
    """Return pull requests with the reviews that they lacked, as many as the budget allows."""
    return await REVIEWS.read_each(state, await REVIEWS.stored(state), budget, _read)


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
