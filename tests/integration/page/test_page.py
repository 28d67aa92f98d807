"""What a person sees in the browser."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from github_events_monitor.dashboard.pages import TYPES, read
from github_events_monitor.runtime import Runtime

from .conftest import Site, serve, settings, settle

REPO = "/r/example-harbour/lighthouse"
INK = """canvas => {
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  const found = new Set();
  for (let at = 0; at < pixels.length; at += 4)
    if (pixels[at + 3] > 200) found.add(pixels.slice(at, at + 3).join());
  return found.size;
}"""


def inks(page: Page) -> list[int]:
    """How many opaque colours each chart has."""
    page.wait_for_timeout(200)
    return [canvas.evaluate(INK) for canvas in page.locator("canvas").all()]


def fits(page: Page) -> bool:
    return bool(page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"))


def test_the_overview_shows_every_watched_repository(site: Site) -> None:
    page = site.open("/")
    assert page.locator(".error").all_inner_texts() == []
    assert [card.inner_text() for card in page.locator("section h2 a").all()] == [
        "example-harbour/foghorn", "example-harbour/lighthouse", "example-harbour/tide-tables"
    ]  # fmt: skip
    assert len(inks(page)) == 3
    assert all(inks(page))
    assert "Health 8" in (page.locator("svg.ring").nth(1).get_attribute("aria-label") or "")
    assert page.locator("text=fails since").count() == 1
    assert page.locator("dt", has_text="Last release").count() == 3
    page.locator("section h2 a").nth(1).click()
    settle(page)
    assert page.url.startswith(site.url + REPO)


def test_a_repository_has_its_charts_with_a_table_behind_each(site: Site) -> None:
    page = site.open(f"{REPO}?hours=2160")
    assert len(inks(page)) == 4
    assert all(count >= 3 for count in inks(page))
    assert page.locator("details table").count() == 4
    for title in ("Activity", "Health", "Findings", "People", "When", "Recent commits", "Releases and delivery"):
        assert page.locator(f"section[aria-label='{title}'] .error").count() == 0
        assert page.locator(f"section[aria-label='{title}']").inner_text() not in {title, ""}
    assert page.locator("h3", has_text="Bots").count() == 1
    assert page.locator("h3", has_text="AI assistants").count() == 1
    assert page.locator(".heat td").count() == 7 * 24
    assert page.locator("section[aria-label=Findings] a[href*='/commit/']").count() >= 3
    hrefs = [link.get_attribute("href") or "" for link in page.locator("main a").all()]
    assert all(href.startswith(("https://github.com/", "/r/")) for href in hrefs)


def test_gaps_are_shaded_where_they_are_and_releases_marked(site: Site) -> None:
    page = site.open(f"{REPO}?hours=2160")
    canvas = page.locator("section[aria-label=Activity] canvas")
    assert int(canvas.get_attribute("data-gaps") or 0) >= 1
    assert int(canvas.get_attribute("data-marks") or 0) >= 5
    shaded = canvas.evaluate(
        """canvas => {
          const chart = Chart.getChart(canvas), {series, size, gaps} = chart.options.plugins.overlay;
          const {left, right, top} = chart.chartArea, ratio = chart.currentDevicePixelRatio;
          const step = {hour: 3600e3, day: 86400e3, week: 604800e3}[series.unit];
          const x = at => left + (at - Date.parse(series.start)) / (step * size) * (right - left);
          const alpha = at => canvas.getContext("2d").getImageData(x(at) * ratio, (top + 30) * ratio, 1, 1).data[3];
          return gaps.map(([from, to]) => [alpha((from + to) / 2), alpha(from - 2 * (to - from))]);
        }"""
    )
    assert any(inside > 0 and outside == 0 for inside, outside in shaded)


def test_the_window_is_chosen_at_the_top(local: Site) -> None:
    page = local.open(REPO)
    before = page.locator("section[aria-label=Activity] canvas").get_attribute("aria-label")
    page.select_option("#window", "168")
    page.wait_for_timeout(100)
    settle(page)
    after = page.locator("section[aria-label=Activity] canvas").get_attribute("aria-label")
    assert before != after
    assert page.url.endswith("hours=168")


@pytest.mark.parametrize("width", [360, 820, 1280])
@pytest.mark.parametrize("path", ["/", REPO])
def test_nothing_is_wider_than_the_screen(local: Site, path: str, width: int) -> None:
    assert fits(local.open(path, width=width))


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
@pytest.mark.parametrize("path", ["/", REPO])
def test_accessible_in_light_and_dark(local: Site, axe: str, path: str, scheme: str, dark: bool) -> None:
    page = local.open(path, scheme=scheme)
    red = page.evaluate("() => Number(getComputedStyle(document.documentElement).backgroundColor.match(/\\d+/)[0])")
    assert (red < 128) is dark
    page.evaluate(axe)
    found = page.evaluate("() => axe.run()")
    serious = [
        (one["id"], one["nodes"][0]["html"][:200])
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
    ]
    assert serious == []


def test_the_keyboard_reaches_the_content(local: Site) -> None:
    page = local.open("/")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "main"


def test_an_unknown_repository_says_what_to_do(local: Site) -> None:
    page = local.open("/r/nobody/nothing", settled=False)
    page.wait_for_selector("[role=alert]")
    settle(page)
    assert page.locator("[role=alert] button").count() >= 1
    local.problems.clear()  # the browser itself notes answers that are errors


SHIFTS = """window.shifted = 0;
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) shifted += entry.value;
}).observe({type: "layout-shift", buffered: true});"""


@pytest.mark.parametrize("width", [360, 800, 1440])
@pytest.mark.parametrize("path", ["/", REPO])
def test_nothing_moves_while_answers_come(local: Site, path: str, width: int) -> None:
    """https://web.dev/articles/cls: below 0.1 is good."""
    context = local.browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.add_init_script(SHIFTS)
    page.goto(local.url + path)
    settle(page)
    page.wait_for_timeout(200)
    assert page.evaluate("() => shifted") < 0.1


def test_the_page_is_small() -> None:
    assert sum(len(read(name).encode()) for name in [*TYPES, "page.html"]) < 700_000


@pytest.fixture
def guarded(browser: Browser) -> Iterator[Site]:
    for url in serve(settings(api_token="open-sesame"), None):
        yield Site(url, browser)


def test_a_token_is_asked_for_and_kept_for_the_session_only(guarded: Site) -> None:
    page = guarded.open("/", settled=False)
    page.fill("#token", "wrong")
    page.click("button[type=submit]")
    page.wait_for_selector("text=not accepted")
    page.fill("#token", "open-sesame")
    page.click("button[type=submit]")
    page.wait_for_selector("text=No repository is watched yet")
    assert page.evaluate("() => [localStorage.length, document.cookie, sessionStorage.length]") == [0, "", 1]
    page.click("#sign-out")
    page.wait_for_selector("#token")


NASTY = "<img src=x onerror=alert(1)><script>alert(2)</script>" + "W" * 150


async def hostile(runtime: Runtime) -> None:
    """A repository in which strangers wrote markup wherever they could."""
    at = "2026-06-11T10:00:00Z"
    release = {"tag_name": NASTY, "name": NASTY, "html_url": "javascript:alert(3)"}
    shared: dict[str, Any] = {"repo_name": "evil/repo", "created_at": at}
    published = {"action": "published", "release": release}
    await runtime.manager.events.insert_events(
        [
            {"id": "1", "event_type": "ReleaseEvent", "actor_login": NASTY, "payload": published, **shared},
            {"id": "2", "event_type": NASTY, "actor_login": "javascript:alert(4)", "payload": {}, **shared},
        ]
    )


@pytest.fixture
def evil(browser: Browser) -> Iterator[Site]:
    for url in serve(settings(), hostile):
        yield Site(url, browser)


def test_what_strangers_wrote_is_never_markup(evil: Site) -> None:
    page = evil.open("/r/evil/repo", width=360)
    assert fits(page)
    assert max(row.bounding_box()["height"] for row in page.locator(".person").all()) < 120  # type: ignore[index]
    assert "<img" in page.locator("main").inner_text()
    assert page.locator("main img, main script").count() == 0
    assert all(
        (link.get_attribute("href") or "").startswith(("https://github.com/", "/r/"))
        for link in page.locator("main a").all()
    )
