"""What the MCP surface is made of: strict tools, slim schemas, short texts, prompts, subscriptions, transports."""
