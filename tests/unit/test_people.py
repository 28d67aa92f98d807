import pytest

from github_events_monitor.people import co_authors, is_ai_assistant, is_bot, kind_of, login_of_email


@pytest.mark.parametrize(
    ("login", "account_type", "expected"),
    [
        ("dependabot[bot]", None, True),
        ("Renovate[BOT]", "User", True),
        ("ci-helper", "Bot", True),
        ("Release-Robot", "User", True),
        ("ada", "User", False),
        ("abbot", None, False),
        (None, None, False),
        ("", None, False),
    ],
)
def test_bots(login: str | None, account_type: str | None, expected: bool) -> None:
    assert is_bot(login, account_type, frozenset({"release-robot"})) is expected


@pytest.mark.parametrize(
    ("login", "name", "email"),
    [
        ("copilot-swe-agent[bot]", None, None),
        ("Copilot", "Copilot", None),
        ("claude", None, None),
        ("devin-ai-integration[bot]", None, None),
        ("google-labs-jules[bot]", None, None),
        ("cursor[bot]", None, None),
        (None, "Claude", "noreply@anthropic.com"),
        (None, "Claude Opus 4.5", "claude@example.org"),
        (None, "Claude Code", None),
        (None, "Copilot", "198982749+Copilot@users.noreply.github.com"),
        (None, "Cursor Agent", "cursoragent@cursor.com"),
        (None, "aider (gpt-4o)", "noreply@aider.chat"),
        (None, "openhands", "openhands@all-hands.dev"),
        (None, "anything", "158243242+devin-ai-integration[bot]@users.noreply.github.com"),
    ],
)
def test_ai_assistants(login: str | None, name: str | None, email: str | None) -> None:
    assert is_ai_assistant(login, name, email)
    assert kind_of(login, name, email, "Bot") == "ai_assistant"


@pytest.mark.parametrize(
    ("login", "name", "email"),
    [
        (None, "Claude", "claude@example.org"),
        (None, "Claude Monet", "monet@example.org"),
        (None, "Devin", "devin@example.org"),
        (None, "Jules", None),
        ("jules", "Jules", "jules@users.noreply.github.com"),
        ("cursor", None, None),
        ("claudette", "Claude Code", None),
        ("dependabot[bot]", None, None),
        (None, None, None),
    ],
)
def test_namesakes_of_assistants_are_people_or_bots(login: str | None, name: str | None, email: str | None) -> None:
    assert not is_ai_assistant(login, name, email)


def test_the_three_kinds() -> None:
    assert kind_of("ada", "Ada", "ada@example.org", "User") == "person"
    assert kind_of("dependabot[bot]", account_type="Bot") == "bot"
    assert kind_of(None, "pre-commit-ci[bot]", "ci@example.org") == "bot"
    assert kind_of("Claude", bot_logins=frozenset({"claude"})) == "bot"
    assert kind_of(None, None, None) == "person"


def test_co_authors_are_read_from_trailers() -> None:
    message = (
        "Add it\n\nCo-authored-by: is not a trailer\n"
        "Co-authored-by: Ada Lovelace <ada@example.org>\r\n"
        "co-Authored-By \t:Claude  Code\t< noreply@anthropic.com >  \n"
        "  Co-authored-by: Quoted <quoted@example.org>\n"
        "see Co-authored-by: Mentioned <mentioned@example.org>\n"
        "CO-AUTHORED-BY: Ada again <ADA@example.org>\n"
        "Reviewed-by: Bob <bob@example.org>\n"
        "Co-authored-by: nobody <>\n"
        "Co-authored-by: <only@example.org>"
    )
    assert co_authors(message) == [
        ("Ada Lovelace", "ada@example.org"),
        ("Claude Code", "noreply@anthropic.com"),
        ("", "only@example.org"),
    ]
    assert co_authors("") == []


@pytest.mark.parametrize("filler", ["a ", " ", " \t", "<", "< ", "\nco-authored-by: "])
def test_long_lines_are_read_quickly(filler: str) -> None:
    assert co_authors("Co-authored-by:" + filler * 500_000) == []


ADA = "Co-authored-by: Ada <ada@example.org>"


@pytest.mark.parametrize(
    ("message", "count"),
    [
        (f"Add it\n\n{ADA}", 1),
        (f"Add it\n\nText.\n\nRefs: #7\n{ADA}\n\n", 1),
        (f"All (#7)\n\n* one\n\n{ADA}\n\n* two\n\n---------\n\nSigned-off-by: Bob <bob@example.org>", 1),
        (f"All (#7)\n\n{ADA}\n\nReviewed-by: Bob", 1),
        (f"Explain trailers\n\nWrite\n\n{ADA}\n\nat the end of a message.", 0),
        (f"Explain trailers\n\nWrite\n{ADA}\nat the end.", 0),
        (f"Explain trailers\n\n{ADA}\na\nb\nc", 1),
        (f"Explain trailers\n\n{ADA}\na\nb\nc\nd", 0),
        (f"Explain trailers\n\n{ADA}\n a\n b\n c\n d\n e", 1),
        (ADA, 0),
        (f"Add it\n{ADA}", 0),
    ],
)
def test_trailers_count_only_as_trailers(message: str, count: int) -> None:
    assert len(co_authors(message)) == count


@pytest.mark.parametrize(
    ("email", "login"),
    [
        ("7+ada@users.noreply.github.com", "ada"),
        ("Ada@Users.NoReply.GitHub.com ", "Ada"),
        ("1+renovate[bot]@users.noreply.github.com", "renovate[bot]"),
        ("ada@example.org", None),
        ("7+@users.noreply.github.com", None),
        ("15d8c3070dffc755df9ea39fc7c0c8fcb59772c5@users.noreply.github.com", None),  # as GH Archive writes it
        (None, None),
    ],
)
def test_githubs_own_addresses_name_a_login(email: str | None, login: str | None) -> None:
    assert login_of_email(email) == login
