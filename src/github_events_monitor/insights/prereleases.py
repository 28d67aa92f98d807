"""Which tags are pre-releases, where nothing else says so: by versions, never by letters inside words or shas.

https://packaging.python.org/en/latest/specifications/version-specifiers/#pre-releases, https://semver.org/#spec-item-9
"""

import re

from packaging.version import InvalidVersion, Version

_START = re.compile(r"(?:^|(?<=[-_/@ ]))v?(?=\d)", re.IGNORECASE)
_SEMANTIC = re.compile(
    r"v?(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)-(?P<pre>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)(?:\+[0-9A-Za-z.-]+)?",
    re.IGNORECASE,
)
_SHA = re.compile(r"(?:\d+-)?g?[0-9a-f]{7,40}", re.IGNORECASE)
"""An abbreviated sha, also as `git describe` appends it."""

MAX_TAG = 200


def is_prerelease(tag: str) -> bool:
    """Return whether the version in a tag, such as 1.0.0-rc.1, 2.0b1 or pkg@v3.0.0-alpha, is a pre-release."""
    tag = tag[:MAX_TAG]
    for start in _START.finditer(tag):
        version = tag[start.start() :]
        if start.start() and "." not in version and not start[0]:
            continue  # a part of a name, a date or a sha
        if _SHA.fullmatch(version):
            return False
        try:
            return Version(version).is_prerelease
        except InvalidVersion:
            semantic = _SEMANTIC.fullmatch(version)
            if semantic:
                return _SHA.fullmatch(semantic["pre"]) is None
    return False
