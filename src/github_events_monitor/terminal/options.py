"""What declared commands share. Imports nothing that takes time: an assistant waits for the program to start."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from .running import Work

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def run(work: "Work") -> None:
    """Do what a command does, and end the program with its exit code."""
    from .running import run_work

    raise typer.Exit(run_work(work))
