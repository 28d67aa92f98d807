"""The program `github-events-monitor`: its commands are declared here; what they do is in `terminal/`.

Start-up has to be quick, since an assistant waits for it: each command imports what it needs, and no more.
"""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from . import __version__
from .terminal import database_commands, output, thread_commands
from .terminal.clients import ClientName
from .terminal.options import Json, wrong_usage
from .terminal.options import run as _run

if TYPE_CHECKING:
    from .settings import Settings

PROGRAM = "github-events-monitor"

app = typer.Typer(
    help="Collect what happens in GitHub repositories and answer questions about it. No command: the MCP server.",
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)
watch = typer.Typer(help="List or change what is polled in the background.")
app.add_typer(thread_commands.commands)
app.add_typer(database_commands.commands, name="database")
app.add_typer(watch, name="watch")

Repos = Annotated[list[str], typer.Argument(metavar="OWNER/NAME", help="Repositories.", show_default=False)]
SomeRepos = Annotated[
    list[str] | None, typer.Argument(metavar="OWNER/NAME", help="Repositories; none: all.", show_default=False)
]
Host = Annotated[str | None, typer.Option(help="Address to listen on; default: HOST.")]
Port = Annotated[int | None, typer.Option(min=1, max=65_535, help="Port to listen on; default: PORT.")]
Tables = Annotated[
    list[str] | None, typer.Option("--tables", metavar="TABLE", help="Only these: with commas, or repeated.")
]
Since = Annotated[str | None, typer.Option(metavar="INSTANT", help="Only events and commits from then on.")]
OneRepo = Annotated[str | None, typer.Option(metavar="OWNER/NAME", help="Only this repository.")]
Transport = Literal["stdio", "sse", "streamable-http"]


def _run_server(serve: Callable[["Settings"], None], flags: dict[str, Any]) -> None:
    from .terminal.running import run_server

    raise typer.Exit(run_server(serve, **flags))


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"{PROGRAM} {__version__}\n")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _program(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - the callback shows it
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        _serve()


def _serve(**flags: Any) -> None:
    from .terminal.running import serve_mcp

    raise typer.Exit(serve_mcp(**flags))


@app.command()
def serve(
    transport: Annotated[Transport | None, typer.Option(help="Default: MCP_TRANSPORT.")] = None,
    host: Host = None,
    port: Port = None,
) -> None:
    """Run the MCP server."""
    _serve(mcp_transport=transport, host=host, port=port)


@app.command()
def api(host: Host = None, port: Port = None) -> None:
    """Run the REST API.

    OpenAPI is at /docs, MCP over streamable HTTP at /mcp.
    """

    def run(settings: "Settings") -> None:
        from .api import run as run_api

        run_api(settings)

    _run_server(run, {"host": host, "port": port})


@app.command()
def dashboard(
    port: Port = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Only say where the page is.")] = False,
    terminal: Annotated[bool, typer.Option("--terminal", help="Show a view that renews itself, here.")] = False,
) -> None:
    """Serve the web page on this machine, and open it.

    As api does, on 127.0.0.1.
    """
    if terminal:
        from .terminal.live import live

        _run(lambda settings: live(settings, (), 720))
    from .terminal.dashboard import serve_page

    _run_server(lambda settings: serve_page(settings, open_browser=not no_open), {"host": "127.0.0.1", "port": port})


@app.command()
def report(
    repos: Repos,
    hours: Annotated[int, typer.Option(min=1, max=8760, help="How far back commits and health look.")] = 720,
    live: Annotated[bool, typer.Option("--live", help="A view of them that renews itself until Ctrl-C.")] = False,
    json: Json = False,
) -> None:
    """Collect repositories and show what happened.

    Stores what is new, then shows commits and health of each.

    With --json: {"collect_now": ..., "reports": [{"recent_commits": ..., "repository_health": ...}, ...]}, that is the
    answers of the MCP tools of these names, one report for each repository; {"error": ...} where one could not be made.
    """
    if live and json:
        raise typer.BadParameter("--live is for people and --json for programs; give one of them")
    if live:
        from .terminal.live import live as show

        _run(lambda settings: show(settings, repos, hours))
    from .terminal import report as page

    _run(lambda settings: page.report(settings, repos, hours, as_json=json))


@app.command()
def demo(
    serve: Annotated[bool, typer.Option("--serve", help="Serve the web page and REST over it until stopped.")] = False,
    port: Port = None,
    mcp: Annotated[bool, typer.Option("--mcp", help="Run the MCP server over it, on stdio.")] = False,
    json: Json = False,
) -> None:
    """Show an invented project, without any network.

    It is made the same every time, in a temporary database: a report of it, as the command report prints one.
    """
    if serve and mcp:
        raise typer.BadParameter("--serve and --mcp are two servers; give one of them")
    if not (serve or mcp):
        from .terminal import demo as page

        _run(lambda settings: page.demo(settings, as_json=json))

    def run(settings: "Settings") -> None:
        from .terminal.demo import serve_demo

        if mcp:
            from .mcp_server import run as run_mcp

            serve_demo(settings, lambda chosen: run_mcp("stdio", chosen))
        else:
            from .api import run as run_api

            serve_demo(settings, run_api, announce=True)

    _run_server(run, {"mcp": mcp, "mcp_transport": "stdio" if mcp else None, "port": port})


@app.command()
def collect(
    repos: SomeRepos = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be new, but store nothing.")] = False,
    json: Json = False,
) -> None:
    """Collect repositories once.

    With --json: the answer of the MCP tool collect_now. No repository named: all watched.
    """
    from .terminal import collecting

    _run(lambda settings: collecting.collect(settings, repos or [], dry_run=dry_run, as_json=json))


@app.command("whats-new")
def whats_new(
    repos: SomeRepos = None,
    since: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="From then on; default: since this reader asked last.")
    ] = None,
    reader: Annotated[str, typer.Option(help="Who asks: each reader has a mark of its own.")] = "terminal",
    json: Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown, for a message or a note.")] = False,
) -> None:
    """Show what changed since you asked last.

    With --json: the answer of the MCP tool whats_new. No repository named: all watched.
    """
    from .terminal import whats_new as page

    _run(
        lambda settings: page.whats_new(
            settings, repos or [], since=since, reader=reader, as_json=json, markdown=markdown
        )
    )


@app.command()
def notify(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be sent; send and remember nothing.")
    ] = False,
    test: Annotated[bool, typer.Option("--test", help="Send a test message to each target.")] = False,
    json: Json = False,
) -> None:
    """Tell the targets of NOTIFY_URLS now what is new to them.

    A server that polls does so by itself. Nothing is collected first.
    """
    from .terminal import notify as page

    _run(lambda settings: page.notify(settings, dry_run=dry_run, test=test, as_json=json))


@app.command("import")
def import_(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE", help="Files, patterns, or - for stdin.", show_default=False)
    ],
    repo: Annotated[
        list[str] | None, typer.Option(metavar="OWNER/NAME", help="Only this repository; repeatable.")
    ] = None,
    types: Annotated[
        list[str] | None, typer.Option("--type", metavar="TYPE", help="Only events such as PushEvent; repeatable.")
    ] = None,
    json: Json = False,
) -> None:
    """Store events of files, or an export.

    GH Archive hours, answers of the Events API (JSON lines or arrays, gzip or plain), exports: told apart by content.
    With --json: read, stored, already_there, skipped, and what makes them up. Importing a file again changes nothing.
    """
    from .terminal import moving

    _run(lambda settings: moving.import_data(settings, files, repo or [], types or [], as_json=json))


@app.command()
def export(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file, or - for stdout.", show_default=False)] = "-",
    tables: Tables = None,
    since: Since = None,
    repo: OneRepo = None,
) -> None:
    """Write everything stored, for import to read."""
    from .terminal import moving

    part = {"tables": tables, "since": since, "repo": repo}
    _run(lambda settings: moving.export_data(settings, file, part))


@app.command()
def migrate(
    source: Annotated[
        str,
        typer.Option("--from", metavar="URL", help="sqlite:///path or dynamodb://region/prefix", show_default=False),
    ],
    target: Annotated[
        str, typer.Option("--to", metavar="URL", help="Likewise; ?endpoint_url=... may follow.", show_default=False)
    ],
    tables: Tables = None,
    since: Since = None,
    repo: OneRepo = None,
    json: Json = False,
) -> None:
    """Copy one database into another.

    What is there already stays; a commit known from a push alone is completed.
    """
    from .terminal import moving

    part = {"tables": tables, "since": since, "repo": repo}
    _run(lambda _: moving.migrate_data(source, target, part, as_json=json))


@app.command()
def analyse(repos: SomeRepos = None) -> None:
    """Renew commit summaries after an upgrade.

    Analyses stored commits again whose summaries are missing or made by older rules. No repository named: all stored.
    """
    from .terminal import moving

    _run(lambda settings: moving.analyse(settings, repos or []))


@app.command()
def doctor(json: Json = False) -> None:
    """Check settings, database, GitHub, token and budget."""
    from .terminal import doctor as page

    _run(lambda settings: page.doctor(settings, as_json=json))


@app.command()
def install(
    client: Annotated[ClientName, typer.Argument(help="Whose configuration.", show_default=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be written, but write nothing.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Take the server out of the client's file again.")] = False,
    with_token: Annotated[bool, typer.Option("--with-token", help="Write GITHUB_TOKEN into the file, too.")] = False,
    repos: Annotated[
        list[str] | None,
        typer.Option("--repos", metavar="OWNER/NAME", help="Watch these from the start: with commas, or repeated."),
    ] = None,
) -> None:
    """Put the MCP server into a client's own configuration.

    With absolute paths, and the settings of this shell that say where the data is. Everything else in the file stays,
    and what it was is kept beside it.
    """
    from .terminal import install as page

    options = page.InstallOptions(
        client, remove=remove, dry_run=dry_run, with_token=with_token, repos=tuple(repos or ())
    )
    _run(lambda settings: page.install(settings, options))


@watch.callback(invoke_without_command=True)
def _watch(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        _change_watch_list()


def _change_watch_list(**changes: Any) -> None:
    from .terminal import collecting

    _run(lambda settings: collecting.watch(settings, **changes))


@watch.command()
def add(repos: Repos, json: Json = False) -> None:
    """Watch repositories, once it is clear that they exist."""
    _change_watch_list(add=repos, as_json=json)


@watch.command()
def remove(repos: Repos, json: Json = False) -> None:
    """Watch repositories no longer; what is stored of them stays."""
    _change_watch_list(remove=repos, as_json=json)


@watch.command("list")
def list_(json: Json = False) -> None:
    """List watched repositories."""
    _change_watch_list(as_json=json)


def main(arguments: list[str] | None = None) -> int:
    """Run the program and return its exit code: 0 done, 1 failed, 2 wrong usage or settings, 130 and 143 interrupted.

    128 and the number of the signal: 130 is Ctrl-C, 143 SIGTERM.
    """
    try:
        return output.written(lambda: app(arguments, prog_name=PROGRAM, standalone_mode=False) or 0)
    except typer.Abort:
        sys.stderr.write("nothing was done\n")
        return 1
    except typer.TyperException as error:
        command = getattr(getattr(error, "ctx", None), "command_path", PROGRAM)
        said = wrong_usage(error.format_message(), sys.argv[1:] if arguments is None else arguments)
        sys.stderr.write(f"error: {said}; see {command} --help\n")
        return error.exit_code
