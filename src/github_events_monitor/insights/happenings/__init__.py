"""What happened, in a line of text, with a link; and the words that people wrote in it."""

from .describe import describe_event
from .texts import MAX_TEXT, TextItem, texts_of

__all__ = ["MAX_TEXT", "TextItem", "describe_event", "texts_of"]
