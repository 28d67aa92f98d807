"""What a commit is about, how far it reaches and how carefully to look at it: `analyse_commit`.

Pure and cheap (one look at the message, one at each path), so it runs once at ingestion. Raise `RULES_VERSION` whenever
a rule changes here, in `commit_messages` or in `file_kinds`: stored summaries of older versions can then be recomputed.
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple

from ..people import is_bot
from ..records import Commit, CommitFile, CommitSummary
from .commit_messages import Message, is_merge_subject, read_message
from .file_kinds import FileKind, is_sensitive, is_workflow, kind_of_file

RULES_VERSION = 4

SIZE_POINTS, SIZE_FULL_AT = 45, 2000
"""Impact: points for changed lines outside generated files, by their logarithm, all of them from 2,000 lines on."""

SPREAD_POINTS, SPREAD_FULL_AT = 25, 50
"""Impact: points for changed files, likewise."""

CODE_POINTS, BUILD_POINTS, SENSITIVE_POINTS, SECURITY_POINTS, BREAKING_POINTS = 10, 5, 10, 10, 20
"""Impact: added for code, for build, CI or project files, for sensitive files; for what the message says."""

QUIET_KINDS: frozenset[FileKind] = frozenset({"docs", "test", "generated", "lock"})
QUIET_FACTOR = 0.5
"""Impact: all but the points for breaking is halved where only such files change."""

HIGH_IMPACT, MEDIUM_IMPACT = 70, 40

UNKNOWN_SIZE_IMPACT = {"feature": 35, "fix": 30, "refactor": 30, "performance": 30, "security": 40, "revert": 30}
"""Impact where neither size nor files are known, by category; `UNKNOWN_SIZE_DEFAULT` for every other one."""
UNKNOWN_SIZE_DEFAULT = 10

_CATEGORY_OF_KIND: dict[FileKind, str] = {
    "docs": "docs", "test": "test", "ci": "ci", "build": "build", "manifest": "build", "lock": "dependencies",
}  # fmt: skip
_KIND_NAMES: dict[FileKind, str] = {
    "code": "code", "test": "tests", "docs": "documentation", "manifest": "project files", "lock": "lock files",
    "ci": "CI", "build": "build files", "generated": "generated files", "config": "configuration",
}  # fmt: skip
_NOUNS = {
    "feature": "feature", "fix": "bug fix", "docs": "documentation", "test": "tests", "refactor": "refactoring",
    "performance": "performance work", "build": "build change", "ci": "CI change", "dependencies": "dependency update",
    "security": "security change", "style": "formatting", "chore": "chore", "revert": "revert", "merge": "merge",
    "release": "release", "generated": "generated files",
}  # fmt: skip

Risk = Literal["low", "medium", "high"]


class _Change(NamedTuple):
    """The extent of a commit. lines and files leave generated files out where files are known; None is unknown.

    cut: whether there may be more files, see `lists_all`.
    """

    lines: int | None
    files: int | None
    kinds: Counter[FileKind]
    cut: bool = False
    sensitive: int = 0
    workflows: bool = False


def lists_all(commit: Commit, files: Sequence[CommitFile]) -> bool:
    """Return whether these are all files of a commit: GitHub lists no more than 3,000, a hundred by a request.

    https://docs.github.com/en/rest/commits/commits#get-a-commit
    """
    return commit.files_changed is not None and len(files) >= commit.files_changed


def analyse_commit(commit: Commit, files: Sequence[CommitFile] | None) -> CommitSummary:
    """Return a commit's summary; `files` is None while they were not fetched.

    impact_score (0-100) is how much the commit changes, not how good it is: lines, files and kinds of files, or the
    message alone while the size is unknown. Every category, flag and level has its sentence in `reasons`.
    """
    message, change = read_message(commit.message), _measure(commit, files)
    bot = is_bot(commit.author_login or commit.author_name, commit.author_type)
    categories = _categorise(commit, message, change)
    reasons = list(dict.fromkeys(categories.values()))
    security = _security_reason(message, change)
    reasons += [reason for reason in (message.breaking, security) if reason]
    impact, why = _impact(tuple(categories), message, change, security=bool(security))
    risk, risk_reason = _risk(message, change, impact, security=bool(security), bot=bot)
    reasons += [why, risk_reason, *(["made by a bot"] if bot else [])]
    return CommitSummary(
        text=_sentence(tuple(categories), commit, change, breaking=bool(message.breaking), bot=bot),
        categories=tuple(categories) or ("other",),
        impact_score=impact,
        risk_level=risk,
        breaking=bool(message.breaking),
        security_relevant=bool(security),
        reasons=tuple(reasons),
        rules=RULES_VERSION,
    )


def _measure(commit: Commit, files: Sequence[CommitFile] | None) -> _Change:
    lines = None if commit.additions is None or commit.deletions is None else commit.additions + commit.deletions
    if files is None:
        return _Change(lines, commit.files_changed, Counter())
    kinds = {file.filename: kind_of_file(file.filename) for file in files}
    own = [file for file in files if kinds[file.filename] not in {"generated", "lock"}]
    counts = [(file.additions, file.deletions) for file in own]
    known = [added + deleted for added, deleted in counts if added is not None and deleted is not None]
    return _Change(
        lines=sum(known) if len(known) == len(own) else lines,
        files=len(own),
        kinds=Counter(kinds.values()),
        cut=not lists_all(commit, files),
        sensitive=sum(is_sensitive(file.filename) for file in own),
        workflows=any(is_workflow(file.filename) for file in own),
    )


def _categorise(commit: Commit, message: Message, change: _Change) -> dict[str, str]:
    """Return categories with their reasons: what the commit is by structure, by message, by the files it touches."""
    found: dict[str, str] = {}
    if len(commit.parents) > 1 or is_merge_subject(commit.message):
        found["merge"] = "it has several parents" if len(commit.parents) > 1 else "the message is that of a merge"
        return found
    by_path = _by_path(change)
    if message.has_prefix or not by_path:
        return {**message.categories, **by_path}
    said = {name: why for name, why in message.categories.items() if name not in {"feature", "refactor"}}
    kept = {name: why for name, why in said.items() if name in {"revert", "release", "dependencies"}}
    return {**kept, **by_path, **said}


def _by_path(change: _Change) -> dict[str, str]:
    """Return the category that all files agree on, if they do; generated files do not vote unless they are alone."""
    if not change.kinds or change.cut:
        return {}
    voting = set(change.kinds) - {"generated"}
    if not voting:
        return {"generated": "all files are generated"}
    categories = {_CATEGORY_OF_KIND.get(kind) for kind in voting}
    category = categories.pop() if len(categories) == 1 else None
    names = " or ".join(sorted(_KIND_NAMES[kind] for kind in voting))
    return {category: f"all files are {names}"} if category else {}


def _security_reason(message: Message, change: _Change) -> str | None:
    if message.advisories:
        return f"security: the message names {', '.join(message.advisories[:3])}"
    if message.security_word:
        return f"security: the message says {message.security_word!r}"
    if "security" in message.categories:
        return "security: the message says so by its type or scope"
    if change.sensitive:
        return f"security: {_count(change.sensitive, 'file')} named after access, secrets or cryptography"
    return None


def _impact(categories: tuple[str, ...], message: Message, change: _Change, *, security: bool) -> tuple[int, str]:
    breaking = BREAKING_POINTS if message.breaking else 0
    if change.lines is None and change.files is None:
        known = [UNKNOWN_SIZE_IMPACT.get(name, UNKNOWN_SIZE_DEFAULT) for name in categories]
        points = max(known, default=UNKNOWN_SIZE_DEFAULT) + breaking
        return points, "the size is not known yet: impact judged from the message alone"
    kinds = set(change.kinds)
    extent = _grow(change.lines or 0, SIZE_POINTS, SIZE_FULL_AT) + _grow(
        change.files or 0, SPREAD_POINTS, SPREAD_FULL_AT
    )
    extent += CODE_POINTS * ("code" in kinds) + BUILD_POINTS * bool(kinds & {"build", "ci", "manifest"})
    extent += SENSITIVE_POINTS * bool(change.sensitive) + SECURITY_POINTS * security
    factor = QUIET_FACTOR if kinds and kinds <= QUIET_KINDS and not change.cut else 1
    lines = "an unknown number of lines" if change.lines is None else _count(change.lines, "line")
    files = "an unknown number of files" if change.files is None else _count(change.files, "file")
    least = "at least " if change.cut else ""
    why = f"impact: {least}{lines} in {least}{files}" + (" outside generated and lock files" if kinds else "")
    return min(100, round(extent * factor + breaking)), why


def _grow(amount: int, points: int, full_at: int) -> float:
    return min(points, points * math.log1p(amount) / math.log1p(full_at))


def _risk(message: Message, change: _Change, impact: int, *, security: bool, bot: bool) -> tuple[Risk, str]:
    """Return the first rule that applies, from high to low."""
    rules: tuple[tuple[Risk, bool, str], ...] = (
        ("high", bool(message.breaking), "it is breaking"),
        ("high", impact >= HIGH_IMPACT, f"impact is {HIGH_IMPACT} or more"),
        (
            "high",
            bool(change.sensitive) and impact >= MEDIUM_IMPACT,
            f"sensitive files and impact of {MEDIUM_IMPACT} or more",
        ),
        ("medium", security, "it is security-relevant"),
        ("medium", impact >= MEDIUM_IMPACT, f"impact is {MEDIUM_IMPACT} or more"),
        ("medium", message.is_revert or message.is_hotfix, "it reverts or repairs in haste"),
        ("medium", change.workflows and not bot, "it changes workflows, which run with the repository's rights"),
    )
    for level, applies, why in rules:
        if applies:
            return level, f"risk is {level}: {why}"
    where = ", as far as its files are known" if change.cut else ""
    return "low", f"risk is low: no rule for a higher level applies{where}"


def _sentence(categories: tuple[str, ...], commit: Commit, change: _Change, *, breaking: bool, bot: bool) -> str:
    """Return what happened in one plain sentence, in our words: nothing of the message is repeated."""
    nouns = " and ".join(_NOUNS[name] for name in categories[:2]) or "change"
    text = f"breaking {nouns}" if breaking else nouns
    text = text[0].upper() + text[1:] + (" by a bot" if bot else "")
    if change.cut and commit.files_changed is not None:
        text += f" in {_count(commit.files_changed, 'file')}, {change.kinds.total():,} of them known"
    elif commit.files_changed is not None:
        text += f" in {_count(commit.files_changed, 'file')}"
    elif change.cut:
        text += f" in at least {_count(change.kinds.total(), 'file')}"
    if change.kinds:
        most = sorted(change.kinds.items(), key=lambda item: (-item[1], item[0]))[:3]
        text += f" ({', '.join(_KIND_NAMES[kind] for kind, _ in most)})"
    if commit.additions is not None and commit.deletions is not None:
        text += f": {_count(commit.additions, 'line')} added, {commit.deletions:,} removed"
    return text + "."


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'s' * (number != 1)}"
