"""`whats-new`: what changed since it was asked last, and what needs a person, as a page or as Markdown."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from ..infrastructure.questions.coverage import is_stale
from ..infrastructure.questions.news import Attention, RepositoryNews, WhatsNew
from ..infrastructure.questions.whats_new import WHATS_NEW
from ..infrastructure.watch_list import check_repos
from ..records import repo_key
from ..runtime import Runtime, open_runtime
from ..settings import Settings
from ..text import clean
from .messages import print_error, print_note
from .screen import plain, print_json, progress_bar, stdout

_TITLES = {
    "checks_failing": "Checks fail on the default branch",
    "pull_request_unanswered": "Pull requests without an answer for two business days",
    "pull_request_waiting": "Pull requests that wait for a review",
    "security": "Security",
    "release": "New releases",
}
_STYLES = {"checks_failing": "red", "security": "red", "pull_request_unanswered": "yellow"}


async def whats_new(
    settings: Settings, repos: Sequence[str], *, since: str | None, reader: str, as_json: bool, markdown: bool
) -> int:
    """Show what is new; 1 when a repository could not be asked about."""
    arguments: dict[str, Any] = {"repos": list(repos) or None, "since": since, "reader": reader}
    async with open_runtime(settings) as runtime:
        await _bring_up_to_date(runtime, repos)
        answer = await runtime.service.ask(WHATS_NEW, **arguments)
    if as_json:
        print_json(answer.to_wire())
    elif markdown:
        print_markdown(answer)
    else:
        _show(stdout(), answer)
    for name, problem in answer.errors.items():
        print_error(f"{name}: {problem.message}")
    return 1 if answer.errors else 0


async def _bring_up_to_date(runtime: Runtime, repos: Sequence[str]) -> None:
    """Collect thoroughly what a server has not collected lately: a person at a terminal waits longer than a tool."""
    context = runtime.service.context
    names = (await context.choose(repos)).names
    bad = check_repos(names)
    states = await context.states([name for name in names if name not in bad])
    now, tolerance = context.now(), context.tolerance
    stale = [
        name for name in names if name not in bad and is_stale(states.get(repo_key(name)), None, now, tolerance, ())
    ]
    if stale:
        with progress_bar() as bar:
            await runtime.collector.collect(stale, progress=bar)


def _show(page: Console, answer: WhatsNew) -> None:
    page.print(
        Text.assemble(("What's new", "bold"), "  ", (f"{_moment(answer.since)} to {_moment(answer.until)} UTC", "dim"))
    )
    for title, rows in _by_kind(answer.attention):
        style = _STYLES.get(rows[0].kind, "cyan")
        _section(page, Text(title, style=f"bold {style}"), [_attention(row) for row in rows])
    for part in answer.repositories:
        _section(page, Text.assemble((part.repo, "bold"), "  ", (_counts(part), "dim")), list(_news(part)))
    if answer.quiet:
        _section(page, Text("Quiet", style="bold"), [plain(", ".join(answer.quiet), "dim")])
    if _has_nothing(answer):
        page.print()
        page.print(plain("Nothing new."))
    page.print()
    if answer.note:
        print_note(answer.note)


def _section(page: Console, title: Text, rows: Sequence[RenderableType]) -> None:
    page.print()
    page.print(title)
    page.print(Padding(Group(*rows), (0, 0, 0, 2)))


def _by_kind(rows: Sequence[Attention]) -> Iterator[tuple[str, list[Attention]]]:
    for kind, title in _TITLES.items():
        if found := [row for row in rows if row.kind == kind]:
            yield title, found


def _attention(row: Attention) -> Text:
    at = f"  {_moment(row.at)}" if row.at else ""
    return Text.assemble((row.repo, "bold"), " ", plain(row.reason), (at, "dim"))


def _counts(part: RepositoryNews) -> str:
    return ", ".join(f"{count:,} {_kind(kind, count)}" for kind, count in part.counts.items())


def _kind(kind: str, count: int) -> str:
    thing, _, what = kind.rpartition("_") if kind not in {"commits", "releases", "failed_runs"} else ("", "", "")
    words = f"{thing.replace('_', ' ')} {what}" if thing else kind.replace("_", " ")
    one = {"commits": "commit", "releases": "release", "failed runs": "failed run"}
    if count != 1:
        return words
    return one.get(words) or words.replace("pull requests", "pull request").replace("issues", "issue")


def _news(part: RepositoryNews) -> Iterator[Text]:
    for kind, rows in part.first.items():
        for row in rows:
            yield Text.assemble(plain(row.title), (f"  {_kind(kind, 1)}", "dim"))
        if (left := part.counts.get(kind, 0) - len(rows)) > 0:
            yield plain(f"and {left:,} more {_kind(kind, left)}", "dim")
    if part.newcomers:
        yield plain(f"New here: {', '.join(part.newcomers)}{part.newcomers_note}", "green")
    elif part.newcomers is None:
        yield plain("Who is new here is unknown: too little is known of the time before.", "dim")
    if part.note:
        yield plain(part.note, "yellow")


def _moment(instant: str) -> str:
    return f"{instant[:10]} {instant[11:16]}"


def print_markdown(answer: WhatsNew) -> None:
    """Print the page as Markdown, for a message or a note."""
    page = Console(highlight=False, emoji=False, markup=False, soft_wrap=True, color_system=None)
    for line in markdown_lines(answer):
        page.print(line)


def markdown_lines(answer: WhatsNew) -> Iterator[str]:
    """Yield the lines. Titles are strangers' text: what Markdown would read as a sign is escaped."""
    yield f"# What's new, {_moment(answer.since)} to {_moment(answer.until)} UTC"
    for title, rows in _by_kind(answer.attention):
        yield from ("", f"## {title}", "")
        yield from (f"- {_link(row.repo, row.url)}: {_escaped(row.reason)}" for row in rows)
    for part in answer.repositories:
        yield from ("", f"## {_escaped(part.repo)}", "", _counts(part), "")
        for kind, news in part.first.items():
            yield from (f"- {_kind(kind, 1)}: {_link(row.title, row.url)}" for row in news)
        if part.newcomers:
            yield f"- new here: {_escaped(', '.join(part.newcomers))}{part.newcomers_note}"
        elif part.newcomers is None:
            yield "- new here: unknown"
    if answer.quiet:
        yield from ("", f"Quiet: {_escaped(', '.join(answer.quiet))}")
    if _has_nothing(answer):
        yield from ("", "Nothing new.")
    if answer.note:
        yield from ("", f"_{_escaped(answer.note)}_")


def _has_nothing(answer: WhatsNew) -> bool:
    """Return whether what is known has no news; where every repository failed nothing is known."""
    return not (answer.attention or answer.repositories) and bool(answer.quiet or not answer.errors)


def _link(text: str, url: str | None) -> str:
    return f"[{_escaped(text)}]({url})" if url else _escaped(text)


def _escaped(text: str) -> str:
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>#|@!~" else sign for sign in clean(text, 1_000, one_line=True))
