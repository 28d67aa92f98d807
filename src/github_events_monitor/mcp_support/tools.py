"""Questions as tools: closed arguments, the answer as structure and again as text, errors that begin with a code."""

from typing import Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import UnexpectedToolError
from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.func_metadata import ArgModelBase, FuncMetadata
from mcp.types import CallToolResult, TextContent, ToolAnnotations

from ..dashboard.view import SHOWN_TOOLS, VIEW_URI
from ..errors import MonitorError
from .declarations import Declaration
from .problems import failed_call
from .sharing import runtime_of

# What a tool collects is a cache; what a user would call a change (the watch list) reading tools leave alone.
_HINTS: dict[str, ToolAnnotations] = {
    "asks GitHub": ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=True),
    "reads": ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False),
    "adds": ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=True),
    "changes": ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=True),
}


class QuestionTool(Tool):
    """A tool that asks the question of its name."""

    @classmethod
    def of(cls, declared: Declaration) -> "QuestionTool":
        """Return the tool that is declared so."""
        return cls(
            fn=_not_called,
            name=declared.name,
            title=declared.title,
            description=declared.description,
            parameters=declared.input,
            fn_metadata=FuncMetadata(arg_model=ArgModelBase, output_schema=declared.output),
            is_async=True,
            context_kwarg=None,
            annotations=_HINTS[declared.effect],
            meta={"ui": {"resourceUri": VIEW_URI}} if declared.name in SHOWN_TOOLS else None,
        )

    async def run(self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False) -> Any:  # noqa: ARG002
        """Return the answer. What a caller or GitHub got wrong is an answer with `is_error`; a crash is logged."""
        try:
            async with runtime_of(context) as runtime:
                service = runtime.service
                question = service.question(self.name)
                query = question.query.read(arguments, question.name)
                heard = context.request_context.meta  # it holds the token without which nothing is told
                progress = context.report_progress if heard else None
                if progress is not None and question.effect == "asks GitHub":
                    await progress(0, 1, f"{question.title}: collecting first where what is stored is stale")
                answer = await service.answer(question, query, progress=progress)
            text = TextContent(type="text", text=question.text(answer))
            return CallToolResult(content=[text], structured_content=answer.to_wire())
        except MonitorError as error:
            return failed_call(error)
        except Exception as error:  # a defect of ours: the model gets one sentence, the log the rest
            message = f"internal: {self.name} failed in the server; its log says why"
            raise UnexpectedToolError(message) from error


async def _not_called() -> None:
    """Stand where the SDK wants a function; `run` asks the question instead."""
