"""What declared commands share. Imports nothing that takes time: an assistant waits for the program to start."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from .running import Work

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def run(work: "Work") -> None:
    """Do what a command does, and end the program with its exit code."""
    from .running import run_work

    raise typer.Exit(run_work(work))


_VALIDATORS_WORDS = (
    (r"^Invalid value for '([^']+)': Input should be greater than or equal to (\d+)", r"\1 must be at least \2"),
    (r"^Invalid value for '([^']+)': Input should be less than or equal to (\d+)", r"\1 must be at most \2"),
    (r"^Invalid value for '([^']+)': Input should be a valid integer.*", r"\1 must be a whole number"),
    (r"^Invalid value for '[^']+': Value error, ", ""),
)
"""What pydantic, which reads typer's arguments, says, and the same as everything else here says it."""


def wrong_usage(message: str, arguments: Sequence[str]) -> str:
    """Return what is wrong with a command line as a sentence without its end.

    A name may begin with a dash, and is read as an option then.
    """
    said = " ".join(message.split()).rstrip(".")
    for theirs, ours in _VALIDATORS_WORDS:
        said = re.sub(theirs, ours, said)
    if said.startswith("No such option") and any(word.startswith("-") and "/" in word for word in arguments):
        said += "; put -- before a name that begins with a dash"
    return said
