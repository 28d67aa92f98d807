"""The web page over HTTP: two addresses with the same file, and what that file loads.

The page holds no data: it asks the REST routes, which want their token. So it is served without one.
"""

from functools import cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

TYPES = {
    "chart.umd.min.js": "text/javascript",
    "charts.js": "text/javascript",
    "panels.js": "text/javascript",
    "page.js": "text/javascript",
    "dashboard.css": "text/css",
    "chart.LICENSE.md": "text/plain",
}
"""What a browser may load."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
"""https://www.w3.org/TR/CSP3/, https://www.w3.org/TR/trusted-types/: no text becomes markup, whatever a script does."""


def is_page(path: str) -> bool:
    """Return whether a path is the page itself or one of its files, which hold no data."""
    return path == "/" or path.startswith(("/r/", "/assets/"))


def routes() -> list[Route]:
    """Return the routes of the page."""
    return [
        Route("/", _page, include_in_schema=False),
        Route("/r/{owner}/{name}", _page, include_in_schema=False),
        Route("/assets/{name}", _asset, include_in_schema=False),
    ]


@cache
def read(name: str) -> str:
    """Return a file of the page."""
    return (files(__package__) / "static" / name).read_text(encoding="utf-8")


async def _page(request: Request) -> Response:  # noqa: ARG001 - as Starlette calls it
    return Response(read("page.html"), media_type="text/html", headers=HEADERS)


async def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in TYPES:
        return Response("not found", status_code=404, media_type="text/plain")
    return Response(read(name), media_type=TYPES[name], headers=HEADERS)
