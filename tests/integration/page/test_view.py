"""The MCP App in a host of our own, under the Content-Security-Policy that the extension gives a view."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser

from github_events_monitor.dashboard.view import view_html

POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " connect-src 'none'"
)
HOST = """<!doctype html><body><iframe sandbox="allow-scripts" src="/view" width="700" height="700"></iframe><script>
const frame = document.querySelector("iframe"), dropped = location.hash === "#dropped";
window.asked = [];
addEventListener("message", async ({data}) => {
  const say = (message) => frame.contentWindow.postMessage({jsonrpc: "2.0", ...message}, "*");
  asked.push(data.method);
  const answer = await (await fetch("/answer")).json();
  const tool = {toolInfo: {tool: {name: "pull_requests"}}, theme: "dark"};
  if (data.method === "ui/initialize") say({id: data.id, result: {protocolVersion: "2026-01-26", hostContext: tool}});
  if (data.method === "ui/notifications/initialized") {
    say({method: "ui/notifications/tool-input", params: {arguments: {repo: "example-harbour/lighthouse"}}});
    const content = [{type: "text", text: "in words"}];
    const params = dropped ? {content} : {content, structuredContent: answer};
    say({method: "ui/notifications/tool-result", params});
  }
  if (data.method === "tools/call") {
    window.called = data.params;
    say({id: data.id, result: {content: [], structuredContent: answer}});
  }
});
</script></body>"""


@pytest.fixture
def host(sqlite: str) -> Iterator[str]:
    with urlopen(f"{sqlite}/pulls?repo=example-harbour/lighthouse") as response:
        answer = json.load(response)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = {
                "/": ("text/html", HOST),
                "/view": ("text/html", view_html()),
                "/answer": ("application/json", json.dumps(answer)),
            }.get(self.path, ("text/plain", ""))
            self.send_response(200)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            if self.path == "/view":
                self.send_header("Content-Security-Policy", POLICY)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("dropped", [False, True])
def test_the_view_draws_the_answer_whether_or_not_the_host_kept_the_structure(
    host: str, browser: Browser, dropped: bool
) -> None:
    page, problems = browser.new_page(), list[str]()
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(host + ("#dropped" if dropped else ""))
    frame = page.frame_locator("iframe")
    frame.locator("canvas[data-drawn]").nth(1).wait_for(timeout=15_000)
    assert frame.locator("html").get_attribute("data-theme") == "dark"
    asked = page.evaluate("() => asked")
    assert asked[0] == "ui/initialize"
    if dropped:
        assert page.evaluate("() => called") == {
            "name": "pull_requests",
            "arguments": {"repo": "example-harbour/lighthouse"},
        }
    else:
        assert "tools/call" not in asked
    assert problems == []
    page.close()


def test_the_view_loads_nothing() -> None:
    assert "<script src" not in view_html()
    assert "<link" not in view_html()
    assert view_html().count("</script>") == 4
