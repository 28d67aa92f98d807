"""The MCP App in a host of our own, under the Content-Security-Policy that the extension gives a view."""

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
  const name = location.hash.slice(1) === "dropped" ? "pull_requests" : location.hash.slice(1);
  const answer = await (await fetch(`/answer/${name}`)).json();
  const tool = {toolInfo: {tool: {name}}, theme: "dark"};
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


REPO = "example-harbour/lighthouse"
ASKED = {
    "pull_requests": f"/pulls?repo={REPO}",
    "repository_activity": f"/events/recent?repo={REPO}&hours=720",
    "activity_of_a_day": f"/events/recent?repo={REPO}&hours=24",
    "whats_new": "/whats-new?since=2026-06-01",
    "deployment_metrics": f"/metrics/release-deployment?repo={REPO}",
    "repository_health": f"/metrics/repository-health?repo={REPO}",
    "compared_health": f"/metrics/repository-health?repos={REPO},example-harbour/foghorn",
}


@pytest.fixture
def host(sqlite: str) -> Iterator[str]:
    def read(path: str) -> str:
        with urlopen(sqlite + path) as response:
            return str(response.read().decode())

    answers = {f"/answer/{name}": ("application/json", read(path)) for name, path in ASKED.items()}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = {
                "/": ("text/html", HOST),
                "/view": ("text/html", view_html()),
                **answers,
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
    page.goto(host + ("#dropped" if dropped else "#pull_requests"))
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


@pytest.mark.parametrize(
    ("answer", "titles", "drawn"),
    [
        (
            "repository_activity",
            ["Activity of example-harbour/lighthouse", "When", "Recent events"],
            "canvas, .heat .l4",
        ),
        ("activity_of_a_day", ["Activity of example-harbour/lighthouse", "When", "Recent events"], "canvas, .heat .l4"),
        ("whats_new", ["Needs a look", "example-harbour/foghorn", "example-harbour/lighthouse"], ".tag.bad"),
        ("deployment_metrics", ["Delivery of example-harbour/lighthouse"], "canvas"),
        ("repository_health", ["Health of example-harbour/lighthouse"], "svg.ring"),
        ("compared_health", ["Health side by side"], "td svg.ring"),
    ],
)
def test_each_tool_has_its_pictures(
    host: str, browser: Browser, axe: str, answer: str, titles: list[str], drawn: str
) -> None:
    page, problems = browser.new_page(viewport={"width": 740, "height": 900}), list[str]()
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(f"{host}#{answer}")
    frame = page.frame_locator("iframe")
    frame.locator(drawn.rsplit(",", maxsplit=1)[-1]).first.wait_for(timeout=15_000)
    assert [title.inner_text() for title in frame.locator("h2").all()][: len(titles)] == titles
    assert all(canvas.get_attribute("data-drawn") for canvas in frame.locator("canvas").all())
    assert all(frame.locator(part).count() for part in drawn.split(","))
    view = page.frames[1]
    assert view.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    view.evaluate(axe)
    found = view.evaluate("() => axe.run()")["violations"]
    assert [one["id"] for one in found if one["impact"] in {"serious", "critical"}] == []
    assert problems == []
    page.close()


def test_the_view_loads_nothing() -> None:
    assert "<script src" not in view_html()
    assert "<link" not in view_html()
    assert view_html().count("</script>") == 4
