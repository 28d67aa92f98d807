"""What a commit message says about the commit, read in time linear in its length.

The first line says what a commit is. Its body may quote other messages, so that only trailers are read of it, and ids
of advisories outside quotations.

Prefixes and the breaking-change trailer: https://www.conventionalcommits.org/en/v1.0.0/. Where there is no prefix,
words of the first line decide; the first word, usually a verb, weighs most.
"""

import re
from itertools import pairwise
from typing import NamedTuple

MAX_MESSAGE = 65_536
"""No more of a message is read: what matters stands at the top, and generated messages can be huge."""

MAX_SUBJECT = 400

_PREFIX = re.compile(r"([A-Za-z][A-Za-z_-]{0,20})(?:\(([^()]{0,80})\))?(!)?:[ \t]")
_BREAKING = re.compile(r"BREAKING[ -]CHANGE:[ \t]*\S|BREAKING[ -]CHANGE:[ \t]*$")
_FOOTER = re.compile(r"(?:[A-Za-z0-9-]{1,60}|BREAKING CHANGE)(?:: | #)")
_FENCE = re.compile(r"[ \t]*(?:```|~~~)")
_QUOTED = re.compile(r"[ \t]*>|\t| {4}")
_UNDONE = re.compile(r'(revert|reapply) "', re.IGNORECASE)
_MERGE = re.compile(
    r"Merge (?:pull request|branch|branches|tag|commit|remote-tracking branch|remote branch|changes)\b|Merge: "
)
_VERSION_ONLY = re.compile(
    r"(?:v|version |release )?\d+\.\d+(?:\.\d+)?[0-9A-Za-z.+-]{0,20}(?: \(#\d+\))?", re.IGNORECASE
)
_RELEASE = re.compile(
    r"(?:(?:prepare|cut|publish|tag)\w{0,2} )?(?:for )?(?:the )?(?:new )?release(?:d)?\b(?! notes)|"
    r"(?:bump|set|add|updat)\w{0,3} (?:the )?(?:release |package |project )?version\b",
    re.IGNORECASE,
)
_ADVISORY = re.compile(r"\b(?:CVE-\d{4}-\d{4,7}|GHSA(?:-[0-9a-z]{4}){3})\b", re.IGNORECASE)
_WORD = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_SQUASHED = re.compile(r" \(#\d+\)$")

PREFIXES = {
    "feat": "feature", "feature": "feature", "fix": "fix", "bugfix": "fix", "hotfix": "fix", "docs": "docs",
    "doc": "docs",
    "test": "test", "tests": "test", "refactor": "refactor", "perf": "performance", "build": "build", "ci": "ci",
    "deps": "dependencies", "dep": "dependencies", "security": "security", "sec": "security", "style": "style",
    "chore": "chore", "revert": "revert", "release": "release", "merge": "merge",
}  # fmt: skip
_SCOPES = {
    "deps": "dependencies",
    "deps-dev": "dependencies",
    "release": "release",
    "security": "security",
    "docs": "docs",
}

_FIRST_WORDS = {
    "feature": "add adds added adding implement implements implemented introduce introduces introduced "
    "allow allows allowed support supports supported enable enables enabled improve improves improved enhance enhanced",
    "refactor": "refactor refactored refactors refactoring rename renamed renames move moved moves extract extracted "
    "simplify simplified restructure restructured rewrite rewrote unify unified inline inlined "
    "remove removes removed drop drops dropped replace replaces replaced migrate migrated",
    "fix": "avoid avoids avoided prevent prevents prevented handle handles handled",
    "dependencies": "bump bumps bumped pin pinned unpin unpinned",
    "test": "test tests tested",
    "docs": "document documents documented",
    "style": "format formatted",
    "revert": "revert reverts reverted",
}
_ANYWHERE = {
    "fix": "fix fixes fixed fixing bug bugs bugfix hotfix correct corrects corrected regression crash crashes",
    "performance": "performance perf faster speedup optimize optimizes optimized optimise optimised optimization",
    "refactor": "refactor refactored refactoring refactorings cleanup clean-up clean-ups",
    "security": "security vulnerability vulnerabilities",
    "docs": "docs documentation readme docstring docstrings changelog typo typos",
    "test": "test tests testing",
    "ci": "ci workflow workflows pre-commit travis",
    "dependencies": "dependency dependencies deps lockfile autoupdate",
    "build": "packaging setuptools makefile cmake dockerfile wheel wheels",
    "style": "reformat reformatted reformatting formatting lint linting linter whitespace",
}
_BY_FIRST_WORD = {word: category for category, words in _FIRST_WORDS.items() for word in words.split()}
_BY_WORD = {word: category for category, words in _ANYWHERE.items() for word in words.split()}

_SECURITY_WORDS = frozenset(
    {"vulnerability", "vulnerabilities", "vulnerable", "exploit", "exploitable", "xss", "csrf", "ssrf", "rce", "xxe",
     "clickjacking", "security"}
)  # fmt: skip
_SECURITY_PHRASES = frozenset(
    {"sql injection", "command injection", "code injection", "path traversal", "directory traversal",
     "privilege escalation", "arbitrary code", "open redirect", "session fixation", "timing attack",
     "request smuggling", "prototype pollution", "buffer overflow"}
)  # fmt: skip
_HOTFIXES = frozenset({"hotfix", "hotfixes", "hot-fix"})
_ROLLBACKS = frozenset({"rollback", "roll-back", "rollbacks"})
_ROLLING_BACK = [*([word] for word in _ROLLBACKS), *([word, "back"] for word in ("roll", "rolls", "rolled", "rolling"))]
_REVERTS = frozenset({"revert", "reverts", "reverted", "reverting"})
_NO_REPAIR = frozenset({"docs", "test", "ci", "feature", "style", "refactor"})
"""Types of commits that speak of hotfixes and rollbacks rather than being one."""


class Message(NamedTuple):
    """categories in order of weight, each with the reason; advisories are CVE and GHSA ids, upper-case, in order."""

    categories: dict[str, str]
    has_prefix: bool
    breaking: str | None
    is_revert: bool
    is_hotfix: bool
    advisories: tuple[str, ...]
    security_word: str | None


class Subject(NamedTuple):
    """The first line of a message. undone: see `_unwrap`. category: of its prefix, where there is a known one."""

    text: str
    undone: bool | None
    words: list[str]
    prefix: re.Match[str] | None
    category: str | None

    @property
    def is_revert(self) -> bool:
        """Return whether it says that other commits are undone."""
        begins = self.category == "revert" or not _REVERTS.isdisjoint(self.words[:1])
        return self.undone or (self.undone is None and begins)

    @property
    def is_hotfix(self) -> bool:
        """Return whether it says that something is repaired in haste, rather than speaks of such repairs."""
        return self.undone is None and _is_hotfix(self.words, self.prefix, self.category)


def read_subject(message: str) -> Subject:
    """Return what the first line of a commit message says."""
    line = message[:MAX_MESSAGE].lstrip().partition("\n")[0]
    text, undone = _unwrap(line.strip()[:MAX_SUBJECT])
    prefix = _PREFIX.match(text)
    return Subject(
        text, undone, _WORD.findall(text.lower()), prefix, PREFIXES.get(prefix[1].lower()) if prefix else None
    )


def read_message(message: str) -> Message:
    """Return what a whole commit message says."""
    subject, body = read_subject(message), _own_lines(message[:MAX_MESSAGE].lstrip())
    prefix, category = subject.prefix, subject.category
    return Message(
        categories=_by_prefix(prefix, category) if prefix and category else _by_words(subject),
        has_prefix=category is not None,
        breaking=_breaking(body, prefix if category else None),
        is_revert=subject.is_revert,
        is_hotfix=subject.is_hotfix,
        advisories=tuple(dict.fromkeys(found.upper() for found in _ADVISORY.findall("\n".join(body)))),
        security_word=_security_word(subject.words),
    )


def _unwrap(subject: str) -> tuple[str, bool | None]:
    """Return the quoted title of a `Revert "…"` or `Reapply "…"` that does something again, and whether it is undone.

    A revert of a revert does it again, and so does a reapply. What undoes is returned as it is, and so is any other
    subject, with None. https://git-scm.com/docs/git-revert
    """
    undone, found, inner = False, False, subject
    while quoted := _UNDONE.match(inner):
        found, inner = True, inner[quoted.end() :]
        if quoted[1].lower() == "revert":
            undone = not undone
    if not found:
        return subject, None
    return (subject if undone else _SQUASHED.sub("", inner).rstrip('"')), undone


def _is_hotfix(words: list[str], prefix: re.Match[str] | None, category: str | None) -> bool:
    if category in _NO_REPAIR:
        return False
    first = words[_count_words(prefix[0]) :] if prefix and prefix[1].lower() not in _ROLLBACKS else words
    rolls_back = first[:1] in _ROLLING_BACK or first[:2] in _ROLLING_BACK
    return rolls_back or not _HOTFIXES.isdisjoint(words)


def _count_words(text: str) -> int:
    return len(_WORD.findall(text.lower()))


def _own_lines(message: str) -> list[str]:
    """Return the lines that are the author's own: no quotations, no code."""
    lines, fenced = [], False
    for line in message.split("\n"):
        if _FENCE.match(line):
            fenced = not fenced
            continue
        lines.append("" if fenced or _QUOTED.match(line) else line.rstrip("\r"))
    return lines


def is_merge_subject(message: str) -> bool:
    """Return whether the first line is as git and GitHub write it for merges."""
    return _MERGE.match(message.lstrip()) is not None


def _by_prefix(prefix: re.Match[str], category: str) -> dict[str, str]:
    found = {category: f"the message begins with {prefix[1]!r}"}
    scope = _SCOPES.get((prefix[2] or "").strip().lower())
    if scope:
        found.setdefault(scope, f"the scope is {prefix[2]!r}")
    return found


def _by_words(subject: Subject) -> dict[str, str]:
    plain, words = _SQUASHED.sub("", subject.text), subject.words
    if subject.is_revert:
        return {"revert": "the message says that it reverts"}
    if _VERSION_ONLY.fullmatch(plain) or _RELEASE.match(plain) or "release version" in plain.lower():
        return {"release": "the message speaks of a release"}
    found = {}
    if words and words[0] in _BY_FIRST_WORD:
        found[_BY_FIRST_WORD[words[0]]] = f"the message begins with the word {words[0]!r}"
    for word in words:
        if word in _BY_WORD:
            found.setdefault(_BY_WORD[word], f"the message has the word {word!r}")
    return found


def _breaking(lines: list[str], prefix: re.Match[str] | None) -> str | None:
    """Return why the change is breaking; a footer begins a paragraph or follows another footer.

    https://www.conventionalcommits.org/en/v1.0.0/#specification
    """
    if prefix and prefix[3]:
        return "breaking: the type carries an exclamation mark"
    for before, line in pairwise(lines):
        if _BREAKING.match(line) and (not before.strip() or _FOOTER.match(before)):
            return "breaking: the message has a BREAKING CHANGE trailer"
    return None


def _security_word(words: list[str]) -> str | None:
    for word, after in pairwise([*words, ""]):
        if word in _SECURITY_WORDS:
            return word
        if f"{word} {after}" in _SECURITY_PHRASES:
            return f"{word} {after}"
    return None
