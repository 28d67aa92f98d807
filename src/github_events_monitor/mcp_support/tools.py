"""Tools that take what they say they take and nothing else, and answer with a structure and one line beside it."""

from typing import Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.func_metadata import FuncMetadata
from mcp.types import CallToolResult, TextContent, ToolAnnotations
from pydantic import ValidationError

from ..answers.shared import AnswerModel
from ..errors import InvalidInput, MonitorError
from .arguments import read_arguments, refuse_unknown, refuse_value
from .problems import failed_call
from .schemas import slim_input, slim_output
from .summaries import summarise


class _Metadata(FuncMetadata):
    """How arguments are read and an answer is shown."""

    def pre_parse_json(self, data: dict[str, Any]) -> dict[str, Any]:
        """Arguments are read by `StrictTool.run`; nothing more is guessed."""
        return data

    def convert_result(self, result: AnswerModel) -> CallToolResult:
        """An answer as structure, with one line of text beside it."""
        line = TextContent(type="text", text=summarise(result))
        return CallToolResult(content=[line], structured_content=result.to_wire())


class StrictTool(Tool):
    """A tool whose arguments are closed and strict, and whose errors begin with their code."""

    @classmethod
    def declare(cls, fn: Any, title: str, annotations: ToolAnnotations) -> Tool:
        """A tool from a typed function that answers a model; its docstring is the description."""
        description = " ".join((fn.__doc__ or "").split())
        tool = cls.from_function(fn, title=title, description=description, annotations=annotations)
        plain = tool.fn_metadata
        tool.parameters = slim_input(tool.parameters)
        tool.fn_metadata = _Metadata(
            arg_model=plain.arg_model,
            output_model=plain.output_model,
            output_schema=slim_output(plain.output_schema or {}),
        )
        return tool

    async def run(self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False) -> Any:
        """Run it. What a caller or GitHub got wrong is an answer with `is_error`; a crash is raised and logged."""
        properties = self.parameters["properties"]
        if refusal := refuse_unknown(self.name, arguments, properties):
            return failed_call(InvalidInput(refusal))
        if self.annotations and self.annotations.read_only_hint and self.annotations.open_world_hint:
            await context.report_progress(0, 1, f"{self.title}: collecting first where what is stored is stale")
        try:
            return await super().run(read_arguments(arguments, properties), context, convert_result)
        except ToolError as error:
            cause = error.__cause__
            if isinstance(cause, MonitorError):
                return failed_call(cause)
            if isinstance(error, UnexpectedToolError):
                raise UnexpectedToolError(f"internal: {self.name} failed in the server; its log says why") from cause
            if isinstance(cause, ValidationError):
                return failed_call(InvalidInput(refuse_value(cause.errors(), properties)))
            raise
