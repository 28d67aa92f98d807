"""Networks of companies: a GitHub behind a private authority, reached through a proxy."""

import contextlib
import ipaddress
import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.fake_github import FakeGitHub
from tests.integration.faults.program import PROGRAM, environment

from .conftest import hello


def write_certificates(folder: Path) -> None:
    """An authority (authority.pem), and a certificate that it gave to 127.0.0.1, with its key (host.pem)."""
    authority, host = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a company's authority")])
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    own = _certificate(issuer, issuer, authority, authority, x509.BasicConstraints(ca=True, path_length=None))
    given = _certificate(subject, issuer, host, authority, address)
    key = host.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "authority.pem").write_bytes(own)
    (folder / "host.pem").write_bytes(given + key)


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    extension: x509.ExtensionType,
) -> bytes:
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


@contextlib.contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def github_by_https(folder: Path) -> Iterator[str]:
    fake = FakeGitHub(hello())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, extra, body = fake.answer("GET", fake.base + self.path, headers)
            self.send_response(status)
            for name, value in extra.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that does not trust us."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "host.pem")
    server = Quiet(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with serving(server) as port:
        yield f"https://127.0.0.1:{port}"


@contextlib.contextmanager
def proxy() -> Iterator[tuple[str, list[str]]]:
    """A proxy that tunnels, and the addresses that it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            asked.append(self.path)
            host, _, port = self.path.rpartition(":")
            with socket.create_connection((host, int(port))) as far:
                self.send_response(200)
                self.end_headers()
                back = threading.Thread(target=_pump, args=(far, self.connection))
                back.start()
                _pump(self.connection, far)
                back.join()

        def log_message(self, *arguments: Any) -> None:
            pass

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"http://127.0.0.1:{port}", asked


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    write_certificates(folder)
    return folder


def checks(folder: Path, **variables: str) -> dict[str, str]:
    """What `doctor` finds: status by name."""
    env = environment(folder, **variables)
    ended = subprocess.run([*PROGRAM, "doctor", "--json"], env=env, cwd=folder, capture_output=True, check=False)
    return {check["name"]: check["status"] for check in json.loads(ended.stdout)["checks"]}


def test_a_private_authority_counts_where_it_is_named(certificates: Path, tmp_path: Path) -> None:
    with github_by_https(certificates) as url:
        assert checks(tmp_path, GITHUB_API_URL=url)["GitHub"] == "broken"
        named = checks(tmp_path, GITHUB_API_URL=url, SSL_CERT_FILE=str(certificates / "authority.pem"))
        assert named["GitHub"] == "ok"


def test_a_proxy_is_used_except_where_no_proxy_says(certificates: Path, tmp_path: Path) -> None:
    with github_by_https(certificates) as url, proxy() as (address, asked):
        named = {"GITHUB_API_URL": url, "SSL_CERT_FILE": str(certificates / "authority.pem"), "HTTPS_PROXY": address}
        assert checks(tmp_path, **named)["GitHub"] == "ok"
        assert asked == [url.removeprefix("https://")]
        assert checks(tmp_path, **named, NO_PROXY="127.0.0.1")["GitHub"] == "ok"
        assert len(asked) == 1


def test_a_private_authority_counts_towards_a_dynamodb_too(certificates: Path, tmp_path: Path) -> None:
    """What stands there is no DynamoDB, and says so: it was trusted."""
    with github_by_https(certificates) as url:
        keys = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_MAX_ATTEMPTS": "1"}
        env = environment(tmp_path, DATABASE_PROVIDER="dynamodb", DYNAMODB_ENDPOINT_URL=url, PORT="1234", **keys)
        command = [*PROGRAM, "database", "test"]
        said = []
        for more in ({}, {"SSL_CERT_FILE": str(certificates / "authority.pem")}):
            ended = subprocess.run(command, env=env | more, cwd=tmp_path, capture_output=True, text=True, check=False)
            said.append(ended.stdout + ended.stderr)
        assert said[0] != said[1]
        assert "certificate" in said[0].lower() or "SSL" in said[0]
        assert "certificate" not in said[1].lower()
        assert "SSL" not in said[1]
