"""Who may speak MCP over HTTP: the rules of `access` as the SDK takes them, and the bearer token before everything."""

from mcp.server.transport_security import TransportSecuritySettings
from pydantic import SecretStr
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ..access import accepted_names, token_matches
from ..settings import Settings


def host_rules(settings: Settings) -> TransportSecuritySettings:
    """The same as the SDK takes it. A name stands for itself with any port, an entry with `://` for an Origin only."""
    names = [name.lower().rstrip("/") for name in accepted_names(settings)]
    hosts = [form for name in names if "://" not in name for form in _with_ports(name)]
    origins = [name for name in names if "://" in name]
    origins += [f"{scheme}://{host}" for scheme in ("http", "https") for host in hosts]
    return TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=origins)


def _with_ports(name: str) -> list[str]:
    host = f"[{name}]" if name.count(":") > 1 and not name.startswith("[") else name
    has_port = host.rpartition("]")[2].count(":") == 1
    return [host] if has_port else [host, f"{host}:*"]


class BearerToken:
    """ASGI middleware: without the token every request is answered 401 (https://www.rfc-editor.org/rfc/rfc6750#section-3)."""

    def __init__(self, app: ASGIApp, token: SecretStr) -> None:
        self._app, self._token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("authorization")
        if token_matches(self._token, given):
            await self._app(scope, receive, send)
            return
        challenge = 'Bearer error="invalid_token"' if given else "Bearer"
        message = "send the server's API_TOKEN as 'Authorization: Bearer …'"
        refusal = JSONResponse({"code": "forbidden", "message": message}, 401, {"WWW-Authenticate": challenge})
        await refusal(scope, receive, send)
