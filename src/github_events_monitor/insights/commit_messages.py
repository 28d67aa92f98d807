"""What a commit message says about the commit, read in time linear in its length.

Prefixes and the breaking-change trailer: https://www.conventionalcommits.org/en/v1.0.0/. Where there is no prefix,
words of the first line decide; the first word, usually a verb, weighs most.
"""

import re
from typing import NamedTuple

MAX_MESSAGE = 65_536
"""No more of a message is read: what matters stands at the top, and generated messages can be huge."""

MAX_SUBJECT = 400

_PREFIX = re.compile(r"([A-Za-z][A-Za-z_-]{0,20})(?:\(([^()]{0,80})\))?(!)?:[ \t]")
_BREAKING = re.compile(r"^BREAKING[ -]CHANGE:", re.MULTILINE)
_REVERTS = re.compile(r"^This reverts commit [0-9a-f]{7,40}\b", re.MULTILINE)
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
_QUICK_FIXES = frozenset({"hotfix", "hot-fix", "rollback", "rollbacks", "roll-back"})


class Message(NamedTuple):
    """categories in order of weight, each with the reason; advisories are CVE and GHSA ids, upper-case, in order."""

    categories: dict[str, str]
    has_prefix: bool
    breaking: str | None
    is_revert: bool
    is_hotfix: bool
    advisories: tuple[str, ...]
    security_word: str | None


def read_message(message: str) -> Message:
    """Read a whole commit message."""
    message = message[:MAX_MESSAGE]
    subject = message.lstrip().partition("\n")[0].strip()[:MAX_SUBJECT]
    words = _WORD.findall(subject.lower())
    prefix = _PREFIX.match(subject)
    category = PREFIXES.get(prefix[1].lower()) if prefix else None
    reverts = (
        category == "revert" or words[:1] in (["revert"], ["reverts"], ["reverted"]) or bool(_REVERTS.search(message))
    )
    return Message(
        categories=_by_prefix(prefix, category) if prefix and category else _by_words(subject, words, reverts=reverts),
        has_prefix=category is not None,
        breaking=_breaking(message, prefix if category else None),
        is_revert=reverts,
        is_hotfix=not _QUICK_FIXES.isdisjoint(words),
        advisories=tuple(dict.fromkeys(found.upper() for found in _ADVISORY.findall(message))),
        security_word=_security_word(words),
    )


def is_merge_subject(message: str) -> bool:
    """A first line as git and GitHub write it for merges."""
    return _MERGE.match(message.lstrip()) is not None


def _by_prefix(prefix: re.Match[str], category: str) -> dict[str, str]:
    found = {category: f"the message begins with {prefix[1]!r}"}
    scope = _SCOPES.get((prefix[2] or "").strip().lower())
    if scope:
        found.setdefault(scope, f"the scope is {prefix[2]!r}")
    return found


def _by_words(subject: str, words: list[str], *, reverts: bool) -> dict[str, str]:
    plain = _SQUASHED.sub("", subject)
    if reverts:
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


def _breaking(message: str, prefix: re.Match[str] | None) -> str | None:
    if prefix and prefix[3]:
        return "breaking: the type carries an exclamation mark"
    return "breaking: the message has a BREAKING CHANGE trailer" if _BREAKING.search(message) else None


def _security_word(words: list[str]) -> str | None:
    for word, after in zip(words, [*words, ""][1:], strict=True):
        if word in _SECURITY_WORDS:
            return word
        if f"{word} {after}" in _SECURITY_PHRASES:
            return f"{word} {after}"
    return None
