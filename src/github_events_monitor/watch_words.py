"""The words that say which repositories are watched, as TARGET_REPOSITORIES has them."""

import re
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple

from .errors import InvalidInput
from .records import repo_key

ACCEPTED = "owner/name, owner/*, @me, @starred, and !owner/name or !owner/prefix-* to take out"

_OWN: dict[str, Literal["me", "starred"]] = {"@me": "me", "@starred": "starred"}
_WITHOUT = re.compile(r"!([^/*]+)/([^/*]*)\*")


class WatchWord(NamedTuple):
    """One word.

    kind: "repository" for one by name, "owner" for all of an owner that are neither archived nor forks, "me" for those
    that the token's user owns or collaborates on, "starred", "without" for what is taken out. key: lower-case
    owner/name, for "without" maybe with `*` at its end; the owner alone for "owner"; empty for "me" and "starred".
    """

    kind: Literal["repository", "owner", "me", "starred", "without"]
    key: str

    def takes_out(self, repo: str) -> bool:
        """Return whether this word takes a repository out."""
        return self.kind == "without" and fnmatchcase(repo.lower(), self.key)


def parse_watch_word(text: str) -> WatchWord:
    """Return what a word means. Raises `InvalidInput`."""
    word = text.strip()
    if word.lower() in _OWN:
        return WatchWord(_OWN[word.lower()], "")
    try:
        if found := _WITHOUT.fullmatch(word):
            return WatchWord("without", repo_key(f"{found[1]}/{found[2]}x")[:-1] + "*")
        if word.startswith("!"):
            return WatchWord("without", repo_key(word[1:]))
        if word.endswith("/*"):
            return WatchWord("owner", repo_key(f"{word[:-2]}/x")[:-2])
        return WatchWord("repository", repo_key(word))
    except InvalidInput:
        raise InvalidInput(f"{word[:80]!r} names no repositories; write {ACCEPTED}") from None


def word_of(text: str) -> str:
    """Return how a word is remembered: lower case, without spaces. Raises `InvalidInput`."""
    parsed = parse_watch_word(text)
    match parsed.kind:
        case "owner":
            return f"{parsed.key}/*"
        case "me" | "starred":
            return f"@{parsed.kind}"
        case "without":
            return f"!{parsed.key}"
        case _:
            return parsed.key


def is_pattern(text: str) -> bool:
    """Return whether a text is meant as a word that stands for several repositories, or takes some out."""
    word = text.strip()
    return word.startswith(("!", "@")) or word.endswith("*")
