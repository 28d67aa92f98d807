"""The commands `pulls` and `issues`, declared; what they show is in `threads`.

Their options are the arguments of the questions, as text: the question reads them and says what it accepts.
"""

from typing import Annotated, Any

import typer

from .options import Json, run

commands = typer.Typer()

Repo = Annotated[str, typer.Argument(metavar="OWNER/NAME", help="The repository.", show_default=False)]
Hours = Annotated[str | None, typer.Option(metavar="NUMBER", help="Length of the window; default: 720.")]
Since = Annotated[str | None, typer.Option(metavar="INSTANT", help="Start of the window, in place of its length.")]
Until = Annotated[str | None, typer.Option(metavar="INSTANT", help="End of the window; default: now.")]
Author = Annotated[str | None, typer.Option(metavar="LOGIN", help="Only by this author.")]
Sort = Annotated[str | None, typer.Option(metavar="updated|created|waiting", help="Order; default: updated.")]
Limit = Annotated[str | None, typer.Option(metavar="NUMBER", help="How many to show; default: 30.")]
Cursor = Annotated[str | None, typer.Option(metavar="WORD", help="Where the page before ended.")]
PullState = Annotated[
    str | None, typer.Option("--state", metavar="open|merged|closed|all", help="Which of them; default: open.")
]
IssueState = Annotated[
    str | None, typer.Option("--state", metavar="open|closed|all", help="Which of them; default: open.")
]


@commands.command()
def pulls(
    repo: Repo,
    state: PullState = None,
    hours: Hours = None,
    since: Since = None,
    until: Until = None,
    author: Author = None,
    reviewer: Annotated[str | None, typer.Option(metavar="LOGIN", help="Only those of this reviewer.")] = None,
    sort: Sort = None,
    limit: Limit = None,
    cursor: Cursor = None,
    json: Json = False,
) -> None:
    """Show pull requests, and whose turn it is in each.

    The window is for those that ended, and for the counts and medians. With --json: the answer of the MCP tool
    pull_requests.
    """
    given = _given(repo, hours, since, until, author, sort, limit, cursor) | {"state": state, "reviewer": reviewer}
    from . import threads

    run(lambda settings: threads.pulls(settings, given, as_json=json))


@commands.command()
def issues(
    repo: Repo,
    state: IssueState = None,
    hours: Hours = None,
    since: Since = None,
    until: Until = None,
    author: Author = None,
    label: Annotated[str | None, typer.Option(metavar="LABEL", help="Only those with this label.")] = None,
    sort: Sort = None,
    limit: Limit = None,
    cursor: Cursor = None,
    json: Json = False,
) -> None:
    """Show issues.

    The window is for those that were closed, and for the counts and medians. With --json: the answer of the MCP tool
    issues.
    """
    given = _given(repo, hours, since, until, author, sort, limit, cursor) | {"state": state, "label": label}
    from . import threads

    run(lambda settings: threads.issues(settings, given, as_json=json))


def _given(repo: str, *rest: str | None) -> dict[str, Any]:
    names = ("hours", "since", "until", "author", "sort", "limit", "cursor")
    return {"repo": repo, **dict(zip(names, rest, strict=True))}
