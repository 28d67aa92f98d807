"""What makes an attention item of `whats_new` the same as one that was seen before."""

import hashlib

from .news import PULL_REQUESTS, Attention


def identify(one: Attention) -> str:
    """Return an id that stays: its page and kind; where a page has several items, also a digest of its reason."""
    what = one.kind if one.kind in PULL_REQUESTS else f"{one.kind}-{digest(one.reason)}"
    return f"{one.url or f'https://github.com/{one.repo}'}#{what}"


def digest(text: str) -> str:
    """Return sixteen hexadecimal digits for a text."""
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
