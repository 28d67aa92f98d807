"""A memory of GitHub repositories for AI assistants: collect, keep, answer."""

__version__ = "0.1.0"
