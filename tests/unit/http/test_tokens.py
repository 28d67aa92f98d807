"""API_TOKEN and the tokens of an issuer, with real keys; the issuer is in this process."""

import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from github_events_monitor.errors import IssuerUnreachable, SettingsError
from github_events_monitor.http.oidc import AGAIN, KEPT, STALE, OidcVerifier, Principal
from github_events_monitor.http.tokens import BearerTokens
from github_events_monitor.settings import Settings

ISSUER, AUDIENCE = "https://issuer.example/realm", "https://monitor.example/mcp"
RSA_KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def jwk(key: Any, key_id: str, **about: str) -> dict[str, Any]:
    algorithm = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    published: dict[str, Any] = algorithm.to_jwk(key.public_key(), as_dict=True)
    return {**published, "kid": key_id, **about}


class Issuer:
    """Publishes keys, and counts how often it is asked."""

    def __init__(self) -> None:
        self.keys = [jwk(RSA_KEY, "one", use="sig"), jwk(EC_KEY, "two", alg="ES256")]
        self.described: dict[str, Any] = {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"}
        self.asked: list[str] = []
        self.fails = False

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        if self.fails:
            raise httpx.ConnectError("nobody is there")
        is_keys = request.url.path.endswith("/keys")
        body = json.dumps({"keys": self.keys} if is_keys else self.described).encode()
        return httpx.Response(200, stream=httpx.ByteStream(body))


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def verifier(issuer: Issuer, clock: Clock) -> OidcVerifier:
    transport = httpx.MockTransport(issuer.answer)
    return OidcVerifier(ISSUER, AUDIENCE, transport=transport, monotonic=clock)


def token(key: Any = RSA_KEY, key_id: str | None = "one", algorithm: str = "RS256", **claims: Any) -> str:
    stated = {"iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time()) + 600, "sub": "ada", "azp": "app", **claims}
    stated = {name: value for name, value in stated.items() if value is not None}
    return jwt.encode(stated, key, algorithm, headers={"kid": key_id} if key_id else None)


@pytest.mark.parametrize(
    "made",
    [
        token,
        lambda: token(algorithm="PS512"),
        lambda: token(EC_KEY, "two", "ES256"),
        lambda: token(key_id=None),
        lambda: token(iss=f"{ISSUER}/"),
        lambda: token(aud=["other", AUDIENCE]),
        lambda: token(exp=int(time.time()) - 5),
    ],
)
async def test_a_token_of_the_issuer_for_us_is_accepted(verifier: OidcVerifier, made: Callable[[], str]) -> None:
    assert await verifier.verify(made()) == Principal(ISSUER, "ada", "app")


@pytest.mark.parametrize(
    "made",
    [
        lambda: token(OTHER_KEY),
        lambda: token(OTHER_KEY, key_id=None),
        lambda: token(OTHER_KEY, "unknown"),
        lambda: token(EC_KEY, "one", "ES256"),
        lambda: token("shared" * 10, "one", "HS256"),
        lambda: token(None, "one", "none"),
        lambda: token(iss="https://other.example"),
        lambda: token(iss=None),
        lambda: token(aud="another"),
        lambda: token(aud=None),
        lambda: token(exp=int(time.time()) - 600),
        lambda: token(exp=None),
        lambda: token(nbf=int(time.time()) + 600),
        lambda: token()[:-6] + "AAAAAA",
        lambda: "a.b.c",
        lambda: "..",
    ],
)
async def test_every_other_token_is_refused(verifier: OidcVerifier, made: Callable[[], str]) -> None:
    assert await verifier.verify(made()) is None


async def test_keys_are_kept_and_fetched_again_when_they_are_old_or_one_is_unknown(
    verifier: OidcVerifier, issuer: Issuer, clock: Clock
) -> None:
    for _ in range(5):
        await verifier.verify(token())
    assert issuer.asked == ["/realm/.well-known/openid-configuration", "/realm/keys"]
    for number in range(5):  # strangers do not make us ask the issuer
        assert await verifier.verify(token(OTHER_KEY, f"unknown-{number}")) is None
    assert len(issuer.asked) == 2
    issuer.keys.append(jwk(OTHER_KEY, "rotated"))
    clock.now += AGAIN
    assert await verifier.verify(token(OTHER_KEY, "rotated"))
    clock.now += KEPT
    assert await verifier.verify(token())
    assert len(issuer.asked) == 6


async def test_an_issuer_that_is_out_leaves_its_keys_in_use_for_a_day(
    verifier: OidcVerifier, issuer: Issuer, clock: Clock
) -> None:
    issuer.fails = True
    with pytest.raises(IssuerUnreachable):
        await verifier.verify(token())
    with pytest.raises(IssuerUnreachable):
        await verifier.verify(token())
    assert len(issuer.asked) == 1
    issuer.fails, clock.now = False, clock.now + AGAIN
    assert await verifier.verify(token())
    issuer.fails, clock.now = True, clock.now + KEPT
    assert await verifier.verify(token())
    clock.now += STALE
    with pytest.raises(IssuerUnreachable):
        await verifier.verify(token())


@pytest.mark.parametrize(
    "change",
    [{"issuer": "https://other.example"}, {"jwks_uri": "http://issuer.example/keys"}, {"jwks_uri": None}],
)
async def test_a_description_of_another_or_without_tls_is_not_trusted(
    verifier: OidcVerifier, issuer: Issuer, change: dict[str, Any]
) -> None:
    issuer.described |= change
    with pytest.raises(IssuerUnreachable):
        await verifier.verify(token())


@pytest.mark.parametrize("keys", [[], [{}], ["a"], [{"kty": "RSA", "kid": "one"}], [{"kty": "oct", "k": "AA"}]])
async def test_keys_that_are_none_accept_nothing(verifier: OidcVerifier, issuer: Issuer, keys: list[Any]) -> None:
    issuer.keys = keys
    assert await verifier.verify(token()) is None


def settings(**changes: Any) -> Settings:
    none = dict.fromkeys(("api_token", "oidc_issuer", "oidc_audience"))
    return Settings(_env_file=None, **{**none, **changes})


async def test_api_token_stands_beside_the_issuer_and_nothing_is_fetched_for_it() -> None:
    tokens = BearerTokens(settings(api_token="t.o.k", oidc_issuer=ISSUER, oidc_audience=AUDIENCE))
    assert await tokens.check("Bearer t.o.k")
    for authorization in (None, "", "Bearer", "Basic t.o.k", "Bearer a", "Bearer " + "a." * 30_000, "Bearer a.b.c"):
        assert await BearerTokens(settings(api_token="t.o.k")).check(authorization) is None
        if authorization != "Bearer a.b.c":
            assert await tokens.check(authorization) is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"oidc_issuer": ISSUER}, "OIDC_AUDIENCE must be set"),
        ({"oidc_audience": AUDIENCE}, "OIDC_ISSUER must be set"),
        ({"oidc_issuer": "http://issuer.example", "oidc_audience": "a"}, "https"),
    ],
)
def test_settings_that_would_let_others_in_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        settings(**changes).check_listening()


def test_an_issuer_is_enough_to_listen_to_all() -> None:
    settings(host="0.0.0.0", oidc_issuer=ISSUER, oidc_audience=AUDIENCE).check_listening()


def scope(path: str, host: str = "monitor.example") -> dict[str, Any]:
    return {"type": "http", "scheme": "http", "path": path, "headers": [(b"host", host.encode())], "query_string": b""}


def test_a_refusal_points_to_the_metadata_of_the_resource() -> None:
    tokens = BearerTokens(settings(oidc_issuer=ISSUER, oidc_audience=AUDIENCE))
    where = 'resource_metadata="https://monitor.example/.well-known/oauth-protected-resource'
    assert tokens.challenge(scope("/mcp/"), None) == f'Bearer {where}/mcp"'
    assert tokens.challenge(scope("/status"), "Bearer x") == f'Bearer {where}", error="invalid_token"'
    about = tokens.metadata(scope("/.well-known/oauth-protected-resource/mcp"))
    assert (about["resource"], about["authorization_servers"]) == (AUDIENCE, [ISSUER])
    elsewhere = tokens.metadata(scope("/.well-known/oauth-protected-resource", "127.0.0.1:8000"))
    assert elsewhere["resource"] == "http://127.0.0.1:8000"
