"""Names under which we answer, and the bearer token."""

from typing import Any

import pytest
from pydantic import SecretStr

from github_events_monitor.http.access import accepted_names, accepts_host, accepts_origin, refusal
from github_events_monitor.http.tokens import token_matches
from github_events_monitor.settings import Settings


def names(host: str = "127.0.0.1", allowed: str = "") -> tuple[str, ...]:
    return accepted_names(Settings(_env_file=None, host=host, allowed_hosts=allowed))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST:1"])
def test_loopback_names_are_accepted_with_any_port(host: str) -> None:
    assert accepts_host(names(), host)


@pytest.mark.parametrize("host", ["", "evil.example", "localhost.evil.example", "127.0.0.1:x", "a b", "[::1"])
def test_other_hosts_are_not(host: str) -> None:
    assert not accepts_host(names(), host)


def test_an_address_of_its_own_is_accepted_and_all_addresses_are_no_name() -> None:
    assert accepts_host(names("192.0.2.7"), "192.0.2.7:8000")
    assert not accepts_host(names("0.0.0.0"), "0.0.0.0:8000")


def test_allowed_hosts_take_the_place_of_the_rest() -> None:
    allowed = names(allowed="monitor.example, other.example:8443, fd00::7, https://pages.example")
    accepted = ("monitor.example", "MONITOR.example:80", "other.example:8443", "[fd00::7]:80")
    assert all(accepts_host(allowed, host) for host in accepted)
    refused = ("localhost", "other.example", "other.example:80", "pages.example")
    assert not any(accepts_host(allowed, host) for host in refused)


def test_origins_are_named_with_or_without_their_scheme() -> None:
    allowed = names(allowed="monitor.example,https://pages.example")
    assert all(accepts_origin(allowed, page) for page in ("https://pages.example", "http://monitor.example:3000"))
    refused = ("null", "http://pages.example", "https://pages.example.evil.example", "https://pages.example:444", "")
    assert not any(accepts_origin(allowed, page) for page in refused)


@pytest.mark.parametrize(
    ("header", "fits"),
    [
        ("Bearer made-up", True),
        ("bearer  made-up ", True),
        ("Bearer made-u", False),
        ("Basic made-up", False),
        ("made-up", False),
        ("Bearer", False),
        ("", False),
        (None, False),
        ("Bearer \udce4", False),
    ],
)
def test_the_token_has_to_fit(header: str | None, fits: bool) -> None:
    assert token_matches(SecretStr("made-up"), header) is fits


def why(
    settings: dict[str, Any] | None = None, path: str = "/status", peer: str = "127.0.0.1", **headers: str
) -> str | None:
    """Why a request over TCP is refused; `headers` with _ for -."""
    given = {"host": "127.0.0.1:8000", **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        "server": ("127.0.0.1", 8000),
        "client": (peer, 50_000),
    }
    chosen = {"host": "127.0.0.1", "allowed_hosts": (), "api_token": None, **(settings or {})}
    return refusal(scope, Settings(_env_file=None, **chosen))


@pytest.mark.parametrize("path", ["/status", "/health", "/collect", "/mcp", "/nope"])
@pytest.mark.parametrize("site", ["cross-site", "same-site", "Cross-Site"])
def test_what_a_foreign_page_has_a_browser_ask_is_refused_on_every_path(path: str, site: str) -> None:
    assert "other sites" in str(why(path=path, sec_fetch_site=site))
    assert "other sites" in str(why(path=path, sec_fetch_site=site, origin="http://localhost:3000"))
    assert "other sites" in str(why({"api_token": "t"}, path, sec_fetch_site=site))


def test_our_own_pages_and_those_that_are_allowed_may_ask() -> None:
    assert why(sec_fetch_site="same-origin", origin="http://127.0.0.1:8000") is None
    assert why(sec_fetch_site="none") is None
    allowed = {"allowed_hosts": ("127.0.0.1", "https://pages.example")}
    assert why(allowed, sec_fetch_site="cross-site", origin="https://pages.example") is None
    assert why(allowed, sec_fetch_site="cross-site")  # an image has no Origin


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_without_a_token_this_machine_is_served(peer: str) -> None:
    assert why(peer=peer) is None


@pytest.mark.parametrize("peer", ["192.0.2.7", "fe80::1", "::ffff:192.0.2.7", "", "localhost.evil.example"])
def test_without_a_token_other_machines_are_not(peer: str) -> None:
    assert "API_TOKEN" in str(why(peer=peer))
    assert why({"api_token": "t"}, peer=peer) is None
    assert why(peer=peer, path="/health") is None


def test_a_socket_of_tcp_has_its_names_checked_and_a_call_in_the_process_has_not() -> None:
    assert why(host="evil.example")
    assert why(origin="https://evil.example")
    assert why(host="evil.example", path="/health") is None
    scope = {"type": "http", "path": "/status", "headers": [(b"host", b"test")], "server": ("test", None)}
    assert refusal(scope, Settings(_env_file=None, allowed_hosts=())) is None
    assert refusal({**scope, "server": None}, Settings(_env_file=None, allowed_hosts=()))


def test_a_name_of_any_length_is_judged_at_once() -> None:
    assert not accepts_host(names(), "a" * 60_000)
    assert not accepts_origin(names(), "http://" + "a." * 30_000)
