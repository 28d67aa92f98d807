"""Which tags are named like pre-releases; an event does not say more."""

import re

_PRERELEASE = re.compile(
    r"alpha|beta|preview|canary|nightly|snapshot|dev|(?:^|[-.\d_])(?:rc|pre|a|b|m)[-.]?\d", re.IGNORECASE
)


def is_prerelease(tag: str) -> bool:
    """A tag such as 1.0.0-rc.1, 2.0b1 or v3-alpha."""
    return _PRERELEASE.search(tag) is not None
