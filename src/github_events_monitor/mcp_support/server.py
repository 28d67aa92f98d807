"""The server class: the SDK's, with what the SDK lacks.

That is `resources/subscribe` of the older era, and clear words about a tool or prompt that is asked for wrongly.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from mcp.server import CacheHint, MCPServer
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import (
    CallToolResult,
    GetPromptResult,
    InputRequiredResult,
    SubscribeRequestParams,
    UnsubscribeRequestParams,
)
from mcp.types import Tool as ToolDeclaration
from pydantic import AnyUrl

from .. import __version__
from ..errors import InvalidInput
from ..infrastructure.questions.query import did_you_mean, refuse_unknown
from ..settings import Settings
from .problems import failed_call, failed_request
from .sharing import Sharing, logging_left_alone
from .stdio import end_input, messages, stdin_ending_on_signal
from .subscriptions import Subscriptions

_STABLE = CacheHint(ttl_ms=3_600_000, scope="public")

MAX_URI = 1_000
"""Characters; a name of a repository has 140 at most."""


class MonitorServer(MCPServer[Sharing]):
    """The MCP server with its runtime and subscriptions."""

    def __init__(self, *, title: str, instructions: str, tools: Sequence[Tool]) -> None:
        subscriptions = Subscriptions()
        self.sharing = Sharing(subscriptions)
        with logging_left_alone():
            super().__init__(
                "github-events-monitor",
                title=title,
                instructions=instructions,
                version=__version__,
                tools=[*tools],
                lifespan=self.sharing.lifespan,
                subscriptions=subscriptions.bus,
                middleware=[subscriptions.note_listening],
                cache_hints=dict.fromkeys(
                    ("tools/list", "prompts/list", "resources/list", "resources/templates/list"), _STABLE
                ),
            )
        add = self._lowlevel_server.add_request_handler
        add("resources/subscribe", SubscribeRequestParams, subscriptions.subscribe)
        add("resources/unsubscribe", UnsubscribeRequestParams, subscriptions.unsubscribe)
        self.subscriptions = subscriptions

    def stateless_manager(self, security: TransportSecuritySettings) -> StreamableHTTPSessionManager:
        """Return a manager that serves each HTTP request separately, in JSON; it runs once."""
        return StreamableHTTPSessionManager(
            self._lowlevel_server, json_response=True, stateless=True, security_settings=security
        )

    async def list_tools(self) -> list[ToolDeclaration]:
        """Return the tools that the settings offer."""
        offered = self.sharing.offered()
        return [tool for tool in await super().list_tools() if tool.name in offered]

    async def run_stdio_async(self) -> None:
        """Serve over stdin and stdout until the client leaves."""
        async with self.sharing.held(end_input) as answered, messages(answered) as (read, write):
            await self._lowlevel_server.run(read, write, self._lowlevel_server.create_initialization_options())

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Sharing, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Return a tool's answer; one that does not exist is refused with the nearest name."""
        offered = self.sharing.offered()
        if name not in offered:
            nearest = did_you_mean(name, sorted(offered))
            return failed_call(InvalidInput(f"there is no tool {name[:80]!r}; {nearest}"))
        return await super().call_tool(name, arguments, context)

    async def read_resource(
        self, uri: AnyUrl | str, context: Context[Sharing, Any] | None = None
    ) -> Iterable[ReadResourceContents] | InputRequiredResult:
        """Return a resource. Raises `MCPError` for a URI longer than any of ours, before it is compared or repeated."""
        if len(str(uri)) > MAX_URI:
            raise failed_request(InvalidInput(f"the URI of a resource has at most {MAX_URI:,} characters"))
        return await super().read_resource(uri, context)

    async def get_prompt(
        self, name: str, arguments: dict[str, Any] | None = None, context: Context[Sharing, Any] | None = None
    ) -> GetPromptResult | InputRequiredResult:
        """Return a prompt's text. Raises `MCPError` with the sentence that says what to give."""
        if problem := await self._refuse_prompt(name, arguments or {}):
            raise failed_request(InvalidInput(problem))
        return await super().get_prompt(name, arguments, context)

    async def _refuse_prompt(self, name: str, given: dict[str, Any]) -> str | None:
        known = {prompt.name: prompt.arguments or [] for prompt in await self.list_prompts()}
        if name not in known:
            return f"there is no prompt {name[:80]!r}; there are {', '.join(known)}"
        missing = [argument.name for argument in known[name] if argument.required and argument.name not in given]
        if missing:
            return f"{name} needs {' and '.join(missing)}"
        return refuse_unknown(name, given, [argument.name for argument in known[name]])


TransportName = Literal["stdio", "sse", "streamable-http"]


def serve(server: MonitorServer, transport: TransportName, settings: Settings) -> None:
    """Serve until the client leaves (stdio) or the program is stopped. Raises `MonitorError` where it cannot."""
    with server.sharing.using(settings):
        server.sharing.offered()  # a name in TOOLS that no tool has is said before anything is served
        if transport == "stdio":
            with stdin_ending_on_signal():
                asyncio.run(server.run_stdio_async())
            return
        from ..http.listening import listen  # noqa: PLC0415 - not needed over stdio, whose client waits
        from .transports import http_app  # noqa: PLC0415 - likewise

        listen(http_app(server, transport, settings), settings, server.sharing.runtime)
