"""Small records in the shapes of GH Archive, and files made of them."""

import gzip
import zlib
from pathlib import Path
from typing import Any

import orjson


def repository_id(repo: str) -> int:
    """Return the id that GitHub gave a repository."""
    return 42 if repo.lower() == "octo/hello" else zlib.crc32(repo.lower().encode())


def an_event(number: int, kind: str = "WatchEvent", repo: str = "Octo/Hello", **changes: Any) -> dict[str, Any]:
    """An event of 2024-03-05, 14:00 UTC."""
    return {
        "id": str(36_000_000_000 + number),
        "type": kind,
        "actor": {"id": 7, "login": "mona"},
        "repo": {
            "id": 42 if repo.lower() == "octo/hello" else zlib.crc32(repo.lower().encode()),
            "name": repo,
            "url": f"https://api.github.com/repos/{repo}",
        },
        "payload": {"action": "started"},
        "public": True,
        "created_at": f"2024-03-05T14:{number // 60 % 60:02}:{number % 60:02}Z",
    } | changes


def a_push(number: int, *shas: str, repo: str = "Octo/Hello", branch: str = "main") -> dict[str, Any]:
    """A push as it was before October 2025, with its commits."""
    commits = [
        {
            "sha": sha,
            "author": {"email": "m@example.org", "name": "Mona"},
            "message": f"Fix the {sha[:3]}",
            "distinct": True,
        }
        for sha in shas
    ]
    payload = {
        "push_id": number,
        "ref": f"refs/heads/{branch}",
        "head": shas[-1],
        "before": "0" * 40,
        "commits": commits,
    }
    return an_event(number, "PushEvent", repo, payload=payload)


def lines_of(*records: Any) -> bytes:
    """JSON lines; bytes are taken as they are."""
    return b"".join((record if isinstance(record, bytes) else orjson.dumps(record)) + b"\n" for record in records)


def write(path: Path, *records: Any) -> Path:
    """A file of lines, compressed when its name says so."""
    data = lines_of(*records)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path
