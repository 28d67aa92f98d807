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

_NOREPLY = re.compile(r"(?:\d+\+)?(?P<login>[^@+]+)@users\.noreply\.github\.com")
_CO_AUTHOR = re.compile(
    r"^co-authored-by[ \t]*:(?P<name>[^<>\n]*)<[ \t]*(?P<email>[^<>\s]+)[ \t]*>", re.IGNORECASE | re.MULTILINE
)


def is_bot(login: str | None, account_type: str | None = None, bot_logins: frozenset[str] = frozenset()) -> bool:
    """Whether GitHub or the user says so: a login ending in `[bot]`, an account of type Bot, or one of `bot_logins`
    (lower-case)."""
    name = (login or "").lower()
    return name.endswith("[bot]") or (account_type or "").lower() == "bot" or (bool(name) and name in bot_logins)


def is_ai_assistant(login: str | None, name: str | None = None, email: str | None = None) -> bool:
    """Whether the author is a known AI assistant, by account, by e-mail address, or by a name no person has."""
    if login:
        return _is_ai_login(login)
    address = (email or "").strip().lower()
    noreply = _NOREPLY.fullmatch(address)
    if noreply:
        return _is_ai_login(noreply["login"])
    return address in _AI_EMAILS or _AI_NAME.fullmatch((name or "").strip().lower()) is not None


def kind_of(
    login: str | None,
    name: str | None = None,
    email: str | None = None,
    account_type: str | None = None,
    bot_logins: frozenset[str] = frozenset(),
) -> Kind:
    """One of the three; an assistant that works through a bot account is an assistant, unless BOT_LOGINS names it."""
    if login and login.lower() in bot_logins:
        return "bot"
    if is_ai_assistant(login, name, email):
        return "ai_assistant"
    return "bot" if is_bot(login or name, account_type) else "person"


def co_authors(message: str) -> list[tuple[str, str]]:
    """(name, e-mail) of every Co-authored-by trailer, each address once, in order.

    A trailer begins its line, in any letter case, and spaces may stand around its colon
    (https://git-scm.com/docs/git-interpret-trailers). Unlike git's it need not be in the last paragraph: a squashed
    message has those of its commits in between.
    https://docs.github.com/en/pull-requests/committing-changes-to-your-project/creating-and-editing-commits/creating-a-commit-with-multiple-authors
    """
    found: dict[str, tuple[str, str]] = {}
    for match in _CO_AUTHOR.finditer(message):
        found.setdefault(match["email"].lower(), (" ".join(match["name"].split()), match["email"]))
    return list(found.values())


def _is_ai_login(login: str) -> bool:
    lower = login.lower()
    bare = lower.removesuffix("[bot]")
    return bare in _AI_LOGINS and (bare != lower or bare not in _PEOPLE_WITHOUT_BOT)
