"""The commands of `database`, declared; what they do is in `database`."""

from typing import TYPE_CHECKING, Annotated

import typer

from .options import Json, run

if TYPE_CHECKING:
    from ..settings import Settings

commands = typer.Typer(help="Test, create, back up, check, describe or delete the database.")


@commands.command("test")
def check(json: Json = False) -> None:
    """Succeed when the database answers, with tables or without."""
    from . import database as page

    run(lambda settings: page.test(settings, as_json=json))


@commands.command()
def create(
    recovery: Annotated[bool, typer.Option("--point-in-time-recovery", help="DynamoDB: continuous backups.")] = False,
    protection: Annotated[
        bool, typer.Option("--deletion-protection", help="DynamoDB: refuse to delete the tables.")
    ] = False,
    encryption: Annotated[
        str | None,
        typer.Option(
            metavar="KEY", help="DynamoDB: 'aws' for AWS's key in KMS, or a key of yours by id, ARN or alias."
        ),
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="DynamoDB: a tag; repeatable.")] = None,
    json: Json = False,
) -> None:
    """Make the tables that are missing, and apply the options to all."""
    from . import database as page

    async def work(settings: "Settings") -> int:
        options = page.table_options(recovery=recovery, protection=protection, encryption=encryption, tags=tag or [])
        return await page.create(settings, options, as_json=json)

    run(work)


@commands.command()
def info(
    cost: Annotated[
        bool, typer.Option("--cost", help="DynamoDB: what it costs a month, estimated from measurements.")
    ] = False,
    json: Json = False,
) -> None:
    """Show tables, sizes, indexes and settings."""
    from . import database as page

    run(lambda settings: page.info(settings, cost=cost, as_json=json))


@commands.command()
def backup(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A new file.", show_default=False)],
    force: Annotated[bool, typer.Option("--force", help="Replace a file of that name.")] = False,
) -> None:
    """Copy the SQLite database into a new private file, also while a server runs."""
    from . import database as page

    run(lambda settings: page.backup(settings, file, force=force))


@commands.command("check")
def check_(json: Json = False) -> None:
    """Look for damage and missing parts, and count what is stored."""
    from . import database as page

    run(lambda settings: page.check(settings, as_json=json))


@commands.command()
def delete(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Delete our tables with everything stored in them."""
    from . import database as page

    async def work(settings: "Settings") -> int:
        agreed = yes or page.confirm_deletion(settings)
        return await page.delete(settings) if agreed else 1

    run(work)
