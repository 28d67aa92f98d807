"""The MCP App view: the page's charts in one self-contained HTML, for hosts that show it beside a tool's answer.

https://github.com/modelcontextprotocol/ext-apps/blob/main/specification/2026-01-26/apps.mdx
"""

from functools import cache

from .pages import read

VIEW_URI = "ui://github-events-monitor/view"
VIEW_TYPE = "text/html;profile=mcp-app"
SHOWN_TOOLS = frozenset(
    {"repository_health", "repository_activity", "whats_new", "pull_requests", "deployment_metrics"}
)
"""Tools whose answers are worth looking at."""

_SCRIPTS = ("chart.umd.min.js", "charts.js", "panels.js", "view.js")


@cache
def view_html() -> str:
    """Return the view; the host's Content-Security-Policy lets nothing be loaded, so everything is in it."""
    scripts = "".join(f"<script>{_inline(read(name))}</script>\n" for name in _SCRIPTS)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>GitHub Events Monitor</title>\n'
        f"<style>{read('dashboard.css')}</style></head>\n"
        '<body class="view"><main id="main"><p class="note">Waiting for the answer…</p></main>\n'
        f"{scripts}</body></html>\n"
    )


def _inline(script: str) -> str:
    """Return a script that cannot end its element early.

    https://html.spec.whatwg.org/#restrictions-for-contents-of-script-elements
    """
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")
