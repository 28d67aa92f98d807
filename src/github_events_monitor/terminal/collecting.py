"""`collect` and `watch`: one pass over repositories, and which of them are polled in the background."""

from collections.abc import Sequence

from rich.table import Table

from ..answers import RateLimitStatus
from ..infrastructure.questions.collect_now import COLLECT_NOW, CollectedRepository, CollectNow, fit_collection
from ..infrastructure.questions.watch_repositories import WATCH_REPOSITORIES, pattern_line
from ..runtime import open_runtime
from ..settings import Settings
from ..text import count_of
from .messages import print_error, print_note
from .screen import columns, plain, print_json, progress_bar, stdout


async def collect(settings: Settings, repos: Sequence[str], *, dry_run: bool, as_json: bool) -> int:
    """One pass over the repositories, or over all watched; 1 when one of them could not be collected."""
    async with open_runtime(settings) as runtime:
        with progress_bar() as bar:
            answer = await runtime.collector.collect(list(repos) or None, dry_run=dry_run, progress=bar)
    if as_json:
        print_json(COLLECT_NOW.finish(fit_collection(answer), runtime.service.context.now()).to_wire())
    else:
        _show(answer)
    return tell_failures(answer)


def tell_failures(answer: CollectNow) -> int:
    """Say in a line why a repository could not be collected, each that could not; return the exit code."""
    failed = [row for row in answer.repositories if row.error]
    for row in failed:
        print_error(f"{row.repo}: {row.error.message if row.error else ''}")
    return 1 if failed else 0


def budget_left(limit: RateLimitStatus) -> str:
    """Return what GitHub's rate limit still allows, in words."""
    if limit.remaining is None or limit.limit is None:
        return "GitHub told no rate limit"
    return f"{limit.remaining:,} of {limit.limit:,} requests left until {limit.reset_at}"


def _show(answer: CollectNow) -> None:
    if answer.note:
        print_note(answer.note)
    if not answer.repositories:
        return
    page = stdout()
    page.print(_table(answer.repositories))
    for row in answer.repositories:
        if row.note:
            page.print(plain(f"{row.repo}: {row.note}", "dim"))
    verb = "Nothing was stored (dry run)" if answer.dry_run else "Done"
    page.print(plain(f"{verb}: {count_of(answer.requests_used, 'request')}; {budget_left(answer.rate_limit)}."))


def _table(rows: Sequence[CollectedRepository]) -> Table:
    numbers = ("new events", "new commits", "requests")
    table = columns("repository", "status", *numbers, right=numbers, wide="repository")
    for row in rows:
        style = "red" if row.error else "green"
        counts = (plain(number) for number in (row.new_events, row.new_commits, row.requests))
        table.add_row(plain(row.repo), plain(row.status, style), *counts)
    return table


async def watch(
    settings: Settings, *, add: Sequence[str] = (), remove: Sequence[str] = (), as_json: bool = False
) -> int:
    """Change the watch list and show it; 1 when a repository could not be added."""
    async with open_runtime(settings) as runtime:
        answer = await runtime.service.ask(WATCH_REPOSITORIES, add=list(add), remove=list(remove))
    if as_json:
        print_json(answer.to_wire())
    else:
        for row in answer.patterns:
            stdout().print(plain(pattern_line(row), "dim"), soft_wrap=True)
        for name in answer.watching:
            stdout().print(plain(name))
        if not answer.watching:
            print_note("No repository is watched; add one with: github-events-monitor watch add owner/name")
        if answer.note:
            print_note(answer.note)
    for name, problem in answer.errors.items():
        print_error(f"{name} is not watched: {problem.message}")
    return 1 if answer.errors else 0
