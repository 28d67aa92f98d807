"""The shapes of all answers: what MCP, REST and `--json` show, field for field."""
