"""Who wrote something: a person, a bot, or an AI assistant."""

import re
from typing import Literal

Kind = Literal["person", "bot", "ai_assistant"]

_AI_LOGINS = frozenset(
    {
        "aider-bot",
        "amazon-q-developer",
        "ampcode-com",
        "anthropic-claude",
        "augmentcode",
        "chatgpt-codex-connector",
        "claude",
        "claude-code",
        "codegen-sh",
        "coderabbitai",
        "copilot",
        "copilot-pull-request-reviewer",
        "copilot-swe-agent",
        "cursor",
        "cursor-agent",
        "cursoragent",
        "devin-ai-integration",
        "ellipsis-dev",
        "factory-droid",
        "gemini-cli",
        "gemini-code-assist",
        "github-copilot",
        "google-labs-jules",
        "gptengineer-app",
        "greptile-apps",
        "kiro-agent",
        "lovable-dev",
        "openai-codex",
        "opencode-agent",
        "openhands-agent",
        "openhands-ai",
        "qodo-code-review",
        "qodo-merge-pro",
        "roomote",
        "sweep-ai",
        "sweep-nightly",
        "windsurf-bot",
    }
)
"""Accounts of AI assistants, without `[bot]`."""

_PEOPLE_WITHOUT_BOT = frozenset({"cursor", "roomote"})
"""Of these only the `[bot]` account is the assistant's: the bare login may be anybody."""

_AI_EMAILS = frozenset(
    {
        "amp@ampcode.com",
        "codex@openai.com",
        "copilot@github.com",
        "cursoragent@cursor.com",
        "gemini-code-assist@google.com",
        "noreply@aider.chat",
        "noreply@anthropic.com",
        "noreply@openai.com",
        "noreply@opencode.ai",
        "openhands@all-hands.dev",
    }
)

_AI_NAME = re.compile(
    r"claude(?: code| (?:opus|sonnet|haiku|fable)\b.*| \d.*|\[bot\]| \(.*\))"
    r"|github copilot.*|copilot(?:-swe-agent)?\[bot\]|copilot(?: swe| coding)? agent"
    r"|cursor agent|devin ai|devin-ai-integration\[bot\]|(?:openai )?codex(?: cli| agent|\[bot\])|openai codex"
    r"|google-labs-jules\[bot\]|gemini (?:cli|code assist)|gemini-code-assist\[bot\]"
    r"|aider(?: \(.*\))?|openhands(?:[- ]agent)?|amazon q developer|ampcode"
)
"""Names that only assistants have. Claude, Devin, Jules and others alone are people's names too: an account or an
e-mail address must say more."""

_NOREPLY = re.compile(r"(?:\d+\+)?(?P<login>[^@+\s]+)@users\.noreply\.github\.com", re.IGNORECASE)
_SHA1 = re.compile(r"[0-9a-f]{40}")
_CO_AUTHOR = re.compile(r"co-authored-by[ \t]*:(?P<name>[^<>\n]*)<[ \t]*(?P<email>[^<>\s]+)[ \t]*>", re.IGNORECASE)
_TRAILER = re.compile(r"[A-Za-z0-9-]{1,60}[ \t]*:|\(cherry picked from commit ")
_SQUASHED = re.compile(r"[*-] |-{3,}$")
"""How GitHub begins each commit, and the trailers at the end, in the message of a squashed pull request."""


def is_bot(login: str | None, account_type: str | None = None, bot_logins: frozenset[str] = frozenset()) -> bool:
    """Return whether GitHub or the user says so.

    Args:
        login: as GitHub spells it; one that ends in `[bot]` is a bot's.
        account_type: GitHub's kind of account; "Bot" is one.
        bot_logins: the user's own list, lower-case.
    """
    name = (login or "").lower()
    return name.endswith("[bot]") or (account_type or "").lower() == "bot" or (bool(name) and name in bot_logins)


def is_ai_assistant(login: str | None, name: str | None = None, email: str | None = None) -> bool:
    """Return whether the author is a known AI assistant, by account, by e-mail address, or by a name no person has."""
    if login:
        return _is_ai_login(login)
    known = login_of_email(email)
    if known:
        return _is_ai_login(known)
    address = (email or "").strip().lower()
    return address in _AI_EMAILS or _AI_NAME.fullmatch((name or "").strip().lower()) is not None


def login_of_email(email: str | None) -> str | None:
    """Return the login that GitHub's own noreply address names, None for any other address.

    GH Archive keeps the SHA-1 of what stands before the @: that is nobody's login, which has at most 39 characters.
    https://docs.github.com/en/account-and-profile/reference/email-addresses-reference#your-noreply-email-address
    https://github.com/igrigorik/gharchive.org/blob/master/crawler/obfuscate.rb
    """
    noreply = _NOREPLY.fullmatch((email or "").strip())
    return noreply["login"] if noreply and not _SHA1.fullmatch(noreply["login"]) else None


def kind_of(
    login: str | None,
    name: str | None = None,
    email: str | None = None,
    account_type: str | None = None,
    bot_logins: frozenset[str] = frozenset(),
) -> Kind:
    """Return the kind; an assistant that works through a bot account is an assistant, unless BOT_LOGINS names it."""
    if login and login.lower() in bot_logins:
        return "bot"
    if is_ai_assistant(login, name, email):
        return "ai_assistant"
    return "bot" if is_bot(login or name, account_type) else "person"


def co_authors(message: str) -> list[tuple[str, str]]:
    """Return (name, e-mail) of every Co-authored-by trailer, each address once, in order.

    A trailer stands in a block of trailers, in any letter case, and spaces may stand around its colon; the same words
    in the middle of a text are none (https://git-scm.com/docs/git-interpret-trailers). Unlike git's, a block need not
    be the last paragraph where the next one begins another commit of a squashed pull request.
    https://docs.github.com/en/pull-requests/committing-changes-to-your-project/creating-and-editing-commits/creating-a-commit-with-multiple-authors
    """
    if "co-authored-by" not in message.lower():
        return []
    found: dict[str, tuple[str, str]] = {}
    for line in _trailer_lines(message):
        match = _CO_AUTHOR.match(line)
        if match:
            found.setdefault(match["email"].lower(), (" ".join(match["name"].split()), match["email"]))
    return list(found.values())


def _trailer_lines(message: str) -> list[str]:
    """Return the lines of all trailer blocks, in order; the first paragraph is the title and never one."""
    paragraphs: list[list[str]] = [[]]
    for line in message.splitlines():
        if line.strip():
            paragraphs[-1].append(line)
        elif paragraphs[-1]:
            paragraphs.append([])
    paragraphs = [paragraph for paragraph in paragraphs if paragraph]
    blocks: list[list[str]] = []
    closes = True  # what follows leaves a block of trailers at an end
    for paragraph in reversed(paragraphs[1:]):
        is_block = closes and _is_trailer_block(paragraph)
        if is_block:
            blocks.append(paragraph)
        closes = is_block or _SQUASHED.match(paragraph[0]) is not None
    return [line for block in reversed(blocks) for line in block]


def _is_trailer_block(lines: list[str]) -> bool:
    """Return whether lines begin with a trailer and at least a quarter of them are some, as git asks."""
    trailers = sum(_TRAILER.match(line) is not None for line in lines)
    others = sum(not line[0].isspace() for line in lines) - trailers
    return _TRAILER.match(lines[0]) is not None and trailers * 3 >= others


def _is_ai_login(login: str) -> bool:
    lower = login.lower()
    bare = lower.removesuffix("[bot]")
    return bare in _AI_LOGINS and (bare != lower or bare not in _PEOPLE_WITHOUT_BOT)
