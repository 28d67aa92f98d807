"""Cleaning of text written by strangers, before a person or a model reads it.

What is removed is what does not show: control characters, zero-width and bidirectional marks, tag characters, variation
selectors, fillers. Such characters can hide instructions from a person and show them to a model
(https://www.unicode.org/reports/tr36/, https://trojansource.codes).
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

_HIDDEN: dict[str, str] = {
    "control character": "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f",
    "soft hyphen": "\u00ad",
    "zero-width character": "\u034f\u200b\u2060\ufeff",
    "zero-width joiner": "\u200c\u200d",
    "bidirectional mark": "\u061c\u200e\u200f",
    "bidirectional control": "\u202a-\u202e\u2066-\u2069",
    "invisible operator": "\u2061-\u2065\u206a-\u206f",
    "invisible filler": "\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0\ufff0-\ufffb",
    "variation selector": "\ufe00-\ufe0f\U000e0100-\U000e01ef",
    "musical format control": "\U0001d173-\U0001d17a",
    "tag character": "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff",
    "invalid character": "\ud800-\udfff\ufffe\uffff",
}
"""Classes of characters that do not show, as ranges for a regular expression, by the name that reports use."""

_ALL_HIDDEN = re.compile("[" + "".join(_HIDDEN.values()) + "]")
_BY_NAME = {name: re.compile(f"[{ranges}]") for name, ranges in _HIDDEN.items()}
_LINE_BREAK = re.compile("\r\n|[\r\u0085\u2028\u2029]")
_SPACES = re.compile(r"\s+")
_HARMLESS = re.compile(
    "(?<=[^\x00-\x7f])[\u200c\u200d\ufe0e\ufe0f]+"  # emoji and scripts that join letters
    "|(?<=[0-9#*])\ufe0f"  # keycaps
    "|^\ufeff|\r|\u00ad"
)

_ASSISTANT = r"(?:ai|llm|claude|copilot|chatgpt|gpt|gemini|assistants?|language models?)"
_CONFIDENTIAL = (
    r"(?:api[ -]?keys?|tokens?|secrets?|credentials?|passwords?|(?:private|ssh) keys?|environment variables?"
    r"|\.env|conversation|chat history)"
)
_PHRASES = (
    # setting instructions aside
    r"(?:ignore|disregard|forget|override) (?:all |any |every |of |the |my |your |these |those )*"
    r"(?:previous|prior|above|earlier|preceding|safety) (?:[\w-]+ )?"
    r"(?:instructions?|prompts?|rules|guidelines|context)\b",
    r"(?:ignore|disregard|forget|override) (?:all |any |every |of )*your (?:[\w-]+ )?"
    r"(?:instructions|prompt|rules|guidelines|training)\b",
    r"(?:(?:print|show|repeat|output|dump) (?:me )?your"
    r"|(?:reveal|leak|disclose|ignore|override|disregard|bypass) (?:your|the)) (?:\w+ )?system prompts?\b",
    # a new role
    r"you are (?:now|no longer) (?:an?|my|bound|restricted|dan|acting)\b",
    r"as an ai (?:language model|model|assistant|agent)(?:,| you\b| i\b)",
    rf"if (?:you are|you're) (?:an? )?(?:automated |large )?{_ASSISTANT}\b",
    r"(?:pretend|act as if) (?:to be|you are|you're) (?:an?|the|my)\b",
    # being addressed
    rf"(?:attention|notes?|messages?|instructions?) (?:to|for):? (?:all |any |the )*{_ASSISTANT}"
    r"(?: agents?| assistants?| models?)?(?=[:,.!]|$)",
    r"system(?: prompt| message| override)? ?: you (?:are|must|will|should)\b",
    # acting behind the user's back
    r"(?:do not|don't|never|without) (?:tell(?:ing)?|(?:mention(?:ing)?|reveal(?:ing)?) (?:this|it|that) to) "
    r"(?:the |your )?(?:user|human)\b",
    r"(?:you must|please|immediately) (?:call|invoke|use) the (?:\S+ )?tool\b",
    r"call the tool (?:to|with|named)\b",
    r"(?:send|post|upload|forward|e-?mail|leak|paste|exfiltrate|disclose|reveal|share|submit) (?:me |us )?"
    rf"(?:all |any |of |the |your |user's |users' |their )+(?:[\w-]+ ){{0,3}}?{_CONFIDENTIAL}"
    r"(?: [\w,./-]+){0,6}? "
    r"(?:to|at|in|into|as|via) (?:https?:|www\.|me\b|this (?:address|url|server|issue|comment)|the following"
    r"|an? (?:comment|issue|pull request|gist)|[\w.+-]+@)",
)
_MARKS = (
    r"</?\s?(?:system|important|system[-_ ](?:prompt|message|reminder))\s?/?>",
    r"<\|(?:im_start|im_end|system|endoftext)\|>|\[/?inst\]",
)
_INSTRUCTION = re.compile(rf"\b(?:{'|'.join(_PHRASES)})|{'|'.join(_MARKS)}")
"""Phrases that address an assistant rather than a reader, in folded text. Mere words are no match: the commit messages
of programs around language models are full of them. That all phrases begin a word is said once: it rules most places
of a text out at once."""

_SCANNED = 20_000
_BRANCH = re.compile(r"[^\x00-\x20\x7f~^:?*\[\\\ud800-\udfff]{1,255}")


def clean(text: str, limit: int, *, one_line: bool = False) -> str:
    """Return the text without what does not show, cut to its first `limit` characters (no ellipsis: it stays a prefix).

    Line breaks become `\\n`; with `one_line` every run of white space becomes one space.
    """
    shown = text[: limit * 8 + 1_000]  # hidden characters cost no place, but no text may make us read megabytes of them
    if not (shown.isascii() and shown.isprintable()):
        shown = _ALL_HIDDEN.sub("", _LINE_BREAK.sub("\n", shown))
    return (" ".join(shown.split()) if one_line else shown.strip("\n"))[:limit]


def without_hidden(value: Any) -> Any:
    """Return JSON values with every text in them, names included, freed of what does not show; nothing is cut."""
    match value:
        case str():
            return value if value.isascii() and value.isprintable() else _ALL_HIDDEN.sub("", value)
        case dict():
            return {without_hidden(name): without_hidden(inner) for name, inner in value.items()}
        case list():
            return [without_hidden(inner) for inner in value]
    return value


def first_few(names: Sequence[str], most: int, noun: str = "") -> str:
    """Return the first of some names in a row, and how many more there are, of what where a noun says so."""
    left = len(names) - most
    return ", ".join(names[:most]) + (f" and {left} more{noun and ' '}{noun}" if left > 0 else "")


def count_of(number: int, thing: str) -> str:
    """Return `1 tag`, `3 tags`, `2 repositories`, `7 days`, `0 pushes`, `4 people`."""
    if number == 1:
        return f"1 {thing}"
    if thing.endswith("person"):
        return f"{number} {thing.removesuffix('person')}people"
    if thing.endswith("y") and not thing.endswith(("ay", "ey", "oy")):
        return f"{number} {thing[:-1]}ies"
    return f"{number} {thing}{'es' if thing.endswith('sh') else 's'}"


_SINGULAR = {
    "people": "person",
    "advisories": "advisory",
    "days": "day",
    "hours": "hour",
    "commits and issues in 90 days": "commit or issue in 90 days",
}


def unit_of(value: float | None, unit: str) -> str:
    """Return a unit as it follows a value: `advisories`, but `advisory` after one."""
    return _SINGULAR.get(unit, unit) if value == 1 else unit


def first_line(text: str, limit: int) -> str:
    """Return the first line that shows anything, cleaned and cut."""
    shown = clean(text, limit * 4 + 1_000).lstrip()
    return clean(shown.split("\n", 1)[0], limit, one_line=True)


def hidden_characters(text: str) -> list[str]:
    """Return names of the classes of hidden characters in a text, without those that ordinary writing needs.

    Emoji and joining scripts use joiners and variation selectors, right-to-left scripts use marks: not reported there.
    """
    if text.isascii() and text.isprintable():
        return []
    rest = _HARMLESS.sub("", text)
    found = [name for name, pattern in _BY_NAME.items() if pattern.search(rest)]
    if "bidirectional mark" in found and _has_right_to_left(rest):
        found.remove("bidirectional mark")
    return found


def reads_like_instruction(text: str) -> str | None:
    """Return the phrase (at most 120 characters) by which a text seems to command an AI assistant, or None.

    Looks behind disguises: hidden characters, full-width and styled letters, line breaks and letter case do not matter.
    """
    shown = unicodedata.normalize("NFKC", clean(text, _SCANNED)).casefold().replace("\u2019", "'")
    match = _INSTRUCTION.search(_SPACES.sub(" ", shown))
    return match[0].strip(" .\n")[:120] if match else None


def _has_right_to_left(text: str) -> bool:
    marks = {"\u061c", "\u200e", "\u200f"}
    return any(unicodedata.bidirectional(char) in {"R", "AL"} for char in text if char not in marks)


def is_branch(name: str) -> bool:
    """Return whether a branch can have this name: https://git-scm.com/docs/git-check-ref-format"""
    return _BRANCH.fullmatch(name) is not None
