"""Who asks GitHub: the order of the sources, an App against a fake that checks signatures, and the login of gh."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from github_events_monitor.errors import Forbidden, GitHubError, SettingsError, Unreachable
from github_events_monitor.github.client import GitHubClient, RequestBudget
from github_events_monitor.github.credentials import Credentials, GhCli, find_credentials, gh_host
from github_events_monitor.settings import Settings

API = "https://api.github.test"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def new_key() -> tuple[rsa.RSAPrivateKey, str]:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    kind = serialization.PrivateFormat.TraditionalOpenSSL  # as GitHub's downloads are
    return key, key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()).decode()


KEY, PEM = new_key()
_, ANOTHER_PEM = new_key()


class FakeApp:
    """GitHub's side of an App: it checks signature, issuer and times, and gives numbered tokens for an hour."""

    def __init__(self, *, users: dict[str, int] | None = None, orgs: dict[str, int] | None = None) -> None:
        self.owners = {"users": users or {}, "orgs": orgs or {}}
        self.now, self.given, self.down = NOW, 0, False
        self.suspended = set[int]()
        self.asked: list[str] = []

    def clock(self) -> datetime:
        return self.now

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._respond)

    def _respond(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if self.down:
            return httpx.Response(502, json={"message": "Server Error"})
        try:
            self._check(request.headers["authorization"].removeprefix("Bearer "))
        except jwt.InvalidTokenError:
            return httpx.Response(401, json={"message": "A JSON web token could not be decoded"})
        return self._found(request.method, request.url.path)

    def _check(self, token: str) -> None:
        options: Any = {"verify_exp": False, "verify_iat": False}
        claims = jwt.decode(token, KEY.public_key(), algorithms=["RS256"], issuer="12345", options=options)
        if not claims["iat"] <= self.now.timestamp() < claims["exp"] <= claims["iat"] + 600:
            raise jwt.InvalidTokenError

    def _found(self, method: str, path: str) -> httpx.Response:
        numbers = [*self.owners["users"].values(), *self.owners["orgs"].values()]
        match (method, *path.strip("/").split("/")):
            case ("GET", "app", "installations"):
                return httpx.Response(200, json=[self._shown(number) for number in numbers])
            case ("GET", "users" | "orgs" as kind, owner, "installation") if owner in self.owners[kind]:
                return httpx.Response(200, json=self._shown(self.owners[kind][owner]))
            case ("POST", "app", "installations", number, "access_tokens") if int(number) in self.suspended:
                return httpx.Response(403, json={"message": "This installation has been suspended"})
            case ("POST", "app", "installations", number, "access_tokens") if int(number) in numbers:
                self.given += 1
                ends = (self.now + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
                return httpx.Response(201, json={"token": f"ghs_{number}_{self.given}", "expires_at": ends})
        return httpx.Response(404, json={"message": "Not Found"})

    def _shown(self, number: int) -> dict[str, Any]:
        return {"id": number, "suspended_at": "2026-11-01T00:00:00Z" if number in self.suspended else None}


def app(fake: FakeApp, **settings: Any) -> Credentials:
    given = {"github_app_id": "12345", "github_app_private_key": PEM, "github_api_url": API, **settings}
    found = find_credentials(Settings.load(**given), clock=fake.clock, transport=fake.transport())
    assert found is not None
    return found


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    monkeypatch.chdir(tmp_path)


def install_gh(folder: Path, script: str) -> None:
    program = folder / "bin" / "gh"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


async def test_the_first_source_that_is_set_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    install_gh(tmp_path, "echo gho_gh")
    (tmp_path / "token").write_text("  ghp_file\n")
    sources = {
        "GH_TOKEN": ("ghp_gh", "GH_TOKEN", "Bearer ghp_gh"),
        "GITHUB_TOKEN_FILE": (str(tmp_path / "token"), "GITHUB_TOKEN_FILE", "Bearer ghp_file"),
        "GITHUB_TOKEN": ("ghp_first", "GITHUB_TOKEN", "Bearer ghp_first"),
    }
    found = find_credentials(Settings.load())
    assert found is not None
    assert (found.describe(), await found.header("octo")) == ("the login of gh for github.com", "Bearer gho_gh")
    assert found.advice() == "log in again with gh auth login"
    for name, (value, described, header) in sources.items():
        monkeypatch.setenv(name, value)
        found = find_credentials(Settings.load())
        assert found is not None
        assert (found.describe(), await found.header(None)) == (described, header)
        assert found.advice() == f"set {described} to a valid one, or unset it"


async def test_an_app_comes_before_gh_token_and_after_a_file(tmp_path: Path) -> None:
    fake = FakeApp(users={"octo": 7})
    assert app(fake, gh_token="ghp_gh").describe().startswith("GitHub App 12345")
    assert app(fake).advice() == "check the installations of GitHub App 12345"
    (tmp_path / "token").write_text("ghp_file")
    assert app(fake, github_token_file=tmp_path / "token").describe() == "GITHUB_TOKEN_FILE"


def test_without_any_source_there_is_none() -> None:
    assert find_credentials(Settings.load()) is None


@pytest.mark.parametrize("content", ["", "two words", "tokén", "line\nline"])
def test_a_file_without_a_token_is_refused_and_not_shown(content: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(content)
    with pytest.raises(SettingsError, match=r"GITHUB_TOKEN_FILE='.*token' holds no token") as caught:
        find_credentials(Settings.load(github_token_file=tmp_path / "token"))
    assert not content or content not in caught.value.message


@pytest.mark.parametrize("name", ["github_token_file", "github_app_private_key_file"])
def test_a_file_that_is_not_there_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"{name.upper()}='.*none' is no file"):
        find_credentials(Settings.load(github_app_id="1", **{name: str(tmp_path / "none")}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"github_app_id": "1"}, "GITHUB_APP_ID without the rest of a GitHub App"),
        ({"github_app_private_key": PEM}, "GITHUB_APP_PRIVATE_KEY without the rest"),
        ({"github_app_installation_id": 3}, "GITHUB_APP_INSTALLATION_ID without the rest"),
        ({"github_app_id": "1", "github_app_private_key": PEM, "github_app_private_key_file": "x"}, "both set"),
        ({"github_app_id": "1", "github_app_private_key": "no-key-at-all"}, "private key of the GitHub App"),
    ],
)
def test_an_app_set_up_in_part_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        find_credentials(Settings.load(**given))
    assert "no-key-at-all" not in caught.value.message


async def test_each_owner_is_asked_about_by_its_own_installation() -> None:
    fake = FakeApp(users={"ada": 1}, orgs={"octo": 2})
    asking = app(fake)
    assert await asking.header("Ada") == "Bearer ghs_1_1"
    assert await asking.header("octo") == "Bearer ghs_2_2"
    asked = len(fake.asked)
    assert (await asking.header("ada"), await asking.header("OCTO")) == ("Bearer ghs_1_1", "Bearer ghs_2_2")
    assert len(fake.asked) == asked


async def test_an_owner_without_an_installation_is_asked_about_by_another_one() -> None:
    asking = app(FakeApp(orgs={"octo": 2}))
    assert await asking.header("stranger") == await asking.header(None) == "Bearer ghs_2_1"


async def test_an_owner_whose_installation_is_suspended_is_asked_about_by_one_that_is_not() -> None:
    fake = FakeApp(users={"ada": 1}, orgs={"octo": 2})
    fake.suspended = {1}
    asking = app(fake)
    assert await asking.header("ada") == await asking.header(None) == await asking.header("octo") == "Bearer ghs_2_1"


async def test_an_installation_that_is_suspended_later_is_left_until_it_is_not() -> None:
    fake = FakeApp(users={"ada": 1}, orgs={"octo": 2})
    asking = app(fake)
    assert await asking.header("ada") == "Bearer ghs_1_1"
    fake.suspended, fake.now = {1}, NOW + timedelta(hours=1)
    assert await asking.header("ada") == "Bearer ghs_2_2"
    fake.suspended, fake.now = set(), NOW + timedelta(minutes=121)
    assert await asking.header("ada") == "Bearer ghs_1_3"


async def test_an_app_that_was_installed_again_is_found_without_a_question_that_fails() -> None:
    fake = FakeApp(users={"ada": 1}, orgs={"octo": 2})
    asking = app(fake)
    assert await asking.header("ada") == "Bearer ghs_1_1"
    fake.owners["users"]["ada"], fake.now = 3, NOW + timedelta(hours=1)
    assert await asking.header("ada") == "Bearer ghs_3_2"


async def test_a_token_that_github_rejects_is_replaced_and_the_installation_looked_up_again() -> None:
    fake = FakeApp(users={"ada": 1}, orgs={"octo": 2})
    asking = app(fake)
    for owner in ("ada", "octo"):
        await asking.header(owner)
    fake.owners["users"]["ada"] = 3  # removed, and installed again
    asking.reject("Bearer ghs_1_1")
    asking.reject("Bearer ghs_1_1")
    assert (await asking.header("ada"), await asking.header("octo")) == ("Bearer ghs_3_3", "Bearer ghs_2_2")


async def test_an_app_that_is_installed_nowhere_asks_without_a_token() -> None:
    assert await app(FakeApp()).header("octo") is None


@pytest.mark.parametrize(
    ("installed", "status", "told"),
    [
        ({}, 404, "not visible without a token: repository Octo/n; check the name, or {}"),
        ({}, 401, "wants a token for repository Octo/n; {}"),
        ({}, 403, "does not allow repository Octo/n; {}"),
        ({}, 429, "{} for 5,000 requests an hour"),
        ({"other": 2}, 404, "not visible with this token: repository Octo/n; check the name, or {}"),
        ({"other": 2}, 403, "does not allow repository Octo/n; {}"),
        ({"octo": 1}, 404, "check the name and the token's rights"),
        ({"octo": 1}, 403, "check what the token may read"),
    ],
)
async def test_where_an_app_is_not_installed_installing_it_is_what_helps(
    installed: dict[str, int], status: int, told: str
) -> None:
    """No setting does: a token in GITHUB_TOKEN would take the App's place."""
    fake = FakeApp(orgs=installed)
    asking = app(fake)
    answer = httpx.Response(status, json={}, headers={"X-RateLimit-Remaining": "0"} if status == 429 else {})
    async with GitHubClient(API, asking, fake.clock, transport=httpx.MockTransport(lambda _: answer)) as github:
        with pytest.raises(GitHubError) as refused:
            await github.fetch_repository("Octo/n", budget=RequestBudget(3))
    assert told.format("install (or unsuspend) GitHub App 12345 for octo").lower() in refused.value.message.lower()
    assert "GITHUB_TOKEN" not in refused.value.message


async def test_an_app_that_is_installed_nowhere_does_not_ask_graphql() -> None:
    fake, server = FakeApp(), FakeApp()
    async with GitHubClient(API, app(fake), fake.clock, transport=server.transport()) as github:
        with pytest.raises(Forbidden, match=r"need a token; install \(or unsuspend\) GitHub App 12345 for octo"):
            await github.fetch_threads("octo/n", "issue", first=5, budget=RequestBudget(3))
    assert server.asked == []


async def test_an_owner_without_an_installation_is_looked_up_again_after_an_hour() -> None:
    fake = FakeApp(orgs={"octo": 2})
    asking = app(fake)
    await asking.header("late")
    fake.owners["orgs"]["late"] = 3
    assert await asking.header("late") == "Bearer ghs_2_1"
    fake.now += timedelta(minutes=61)
    assert await asking.header("late") == "Bearer ghs_3_2"


async def test_a_named_installation_is_used_for_every_owner() -> None:
    fake = FakeApp(users={"ada": 1}, orgs={"octo": 2})
    asking = app(fake, github_app_installation_id=2)
    assert await asking.header("ada") == await asking.header(None) == "Bearer ghs_2_1"
    assert fake.asked == ["/app/installations/2/access_tokens"]


@pytest.mark.parametrize(("minutes", "token"), [(54, "ghs_2_1"), (55, "ghs_2_2"), (600, "ghs_2_2")])
async def test_a_token_is_renewed_five_minutes_before_its_end(minutes: int, token: str) -> None:
    fake = FakeApp(orgs={"octo": 2})
    asking = app(fake)
    await asking.header("octo")
    fake.now += timedelta(minutes=minutes)
    assert await asking.header("octo") == f"Bearer {token}"


async def test_while_github_gives_no_new_token_the_old_one_serves_to_its_end() -> None:
    fake = FakeApp(orgs={"octo": 2})
    asking = app(fake)
    await asking.header("octo")
    fake.down, fake.now = True, NOW + timedelta(minutes=57)
    assert await asking.header("octo") == "Bearer ghs_2_1"
    fake.now = NOW + timedelta(minutes=60)
    with pytest.raises(Unreachable):
        await asking.header("octo")


@pytest.mark.parametrize("given", [{"github_app_private_key": ANOTHER_PEM}, {"github_app_id": "54321"}])
async def test_an_app_that_github_does_not_accept_is_said_so(given: dict[str, str]) -> None:
    with pytest.raises(Forbidden, match=r"does not accept GitHub App .*; check GITHUB_APP_ID, its private key"):
        await app(FakeApp(orgs={"octo": 2}), **given).header("octo")


async def test_an_installation_that_is_gone_is_named() -> None:
    with pytest.raises(Forbidden, match="has no installation 9; check GITHUB_APP_INSTALLATION_ID"):
        await app(FakeApp(), github_app_installation_id=9).header("octo")


@pytest.mark.parametrize("write", [lambda text: text, lambda text: text.replace("\n", "\\n")])
async def test_a_key_comes_from_a_file_or_a_variable_on_one_line(write: Callable[[str], str], tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text(write(PEM))
    fake = FakeApp(orgs={"octo": 2})
    from_file = app(fake, github_app_private_key=None, github_app_private_key_file=tmp_path / "key.pem")
    assert await from_file.header("octo") == "Bearer ghs_2_1"
    assert await app(fake, github_app_private_key=write(PEM)).header("octo") == "Bearer ghs_2_2"


async def test_gh_is_asked_for_the_host_by_its_own_login_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    install_gh(tmp_path, f'/usr/bin/env > {tmp_path}/env; echo "$@" > {tmp_path}/arguments; echo gho_login')
    for name in ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"):
        monkeypatch.setenv(name, "for-any-host")
    found = find_credentials(Settings.load(github_api_url="https://ghe.example.org/api/v3"))
    assert found is not None
    assert await found.header("octo") == "Bearer gho_login"
    assert (tmp_path / "arguments").read_text() == "auth token --hostname ghe.example.org\n"
    assert "for-any-host" not in (tmp_path / "env").read_text()


@pytest.mark.parametrize("script", ["exit 1", "echo two words", "echo", "echo gho_x; exit 4"])
def test_a_gh_without_a_login_is_none(script: str, tmp_path: Path) -> None:
    install_gh(tmp_path, script)
    assert find_credentials(Settings.load()) is None


def test_a_gh_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("github_events_monitor.github.credentials._GH_SECONDS", 0.2)
    install_gh(tmp_path, "exec /bin/sleep 60")
    assert GhCli.ask("github.com") is None


def test_gh_is_left_alone_where_that_is_wanted(tmp_path: Path) -> None:
    install_gh(tmp_path, f"touch {tmp_path}/asked; echo gho_login")
    assert find_credentials(Settings.load(github_use_gh=False)) is None
    assert not (tmp_path / "asked").exists()


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://api.github.com", "github.com"),
        ("https://api.octo.ghe.com", "octo.ghe.com"),
        ("https://ghe.example.org/api/v3", "ghe.example.org"),
        ("http://127.0.0.1:9", "127.0.0.1"),
    ],
)
def test_hosts_as_gh_names_them(url: str, host: str) -> None:
    assert gh_host(url) == host


async def test_no_repr_shows_a_token_or_a_key() -> None:
    fake = FakeApp(orgs={"octo": 2})
    asking = app(fake)
    await asking.header("octo")
    static = find_credentials(Settings.load(github_token="ghp_secret"))
    shown = json.dumps([repr(asking), asking.describe(), repr(static), static.describe() if static else ""])
    assert "ghs_2" not in shown
    assert "ghp_secret" not in shown
    assert "PRIVATE KEY" not in shown
