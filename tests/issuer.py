"""An OIDC issuer on a loopback port, with a real RSA key: it publishes the key and signs what it is told."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

AUDIENCE = "github-events"


@dataclass
class Issuer:
    """The issuer while it listens."""

    url: str
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65_537, 2_048))

    def token(self, **claims: Any) -> str:
        """A token for the audience that is good for a minute."""
        now = int(time.time())
        stated = {"iss": self.url, "aud": AUDIENCE, "exp": now + 60, "sub": "ada", **claims}
        return jwt.encode(stated, self.key, "RS256", headers={"kid": "one"})

    def pages(self) -> dict[str, Any]:
        """What is published where."""
        published = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {
            "/.well-known/openid-configuration": {"issuer": self.url, "jwks_uri": f"{self.url}/keys"},
            "/keys": {"keys": [{**published, "kid": "one", "use": "sig"}]},
        }


@contextmanager
def listening_issuer() -> Iterator[Issuer]:
    """An issuer for the length of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(issuer.pages()[self.path]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield issuer
        finally:
            server.shutdown()
