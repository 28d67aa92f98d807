"""Names under which we answer, and the bearer token."""

import pytest
from pydantic import SecretStr

from github_events_monitor.access import accepted_names, accepts_host, accepts_origin, token_matches
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
