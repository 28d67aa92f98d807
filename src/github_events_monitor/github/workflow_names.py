"""Which workflow a run is of: several may have one name, and runs of one may have names of their own.

https://docs.github.com/en/rest/actions/workflow-runs,
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#run-name
"""

import re
from typing import NamedTuple, Self

_SUBJECT = re.compile(r"(?P<name>.*)\n(?P<id>[1-9][0-9]{0,15})(?: (?P<path>[^\n]+))?", re.DOTALL)
_MAX_PART = 110
"""Characters of a name and of a path, so that both and an id fit into a fact."""


class Workflow(NamedTuple):
    """A workflow as a run names it; id and path are None in what earlier versions stored."""

    name: str | None
    id: int | None = None
    path: str | None = None

    def to_subject(self) -> str | None:
        """Return the fact that is stored of it: the name alone where no id is known."""
        if self.id is None or not 0 < self.id < 2**53:
            return self.name
        path = (self.path or "").partition("@")[0]  # a called workflow's may name its ref
        kept = f" {path}" if path and len(path) <= _MAX_PART and path.isprintable() else ""
        return f"{(self.name or '')[:_MAX_PART]}\n{self.id}{kept}"

    @classmethod
    def of(cls, subject: str | None) -> Self:
        """Return the workflow of a stored fact."""
        found = _SUBJECT.fullmatch(subject or "")
        return cls(found["name"] or None, int(found["id"]), found["path"]) if found else cls(subject)
