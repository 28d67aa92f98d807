"""Build the bundle that Claude Desktop installs by a double click: https://github.com/modelcontextprotocol/mcpb

usage: python scripts/build_bundle.py [FILE]        FILE: dist/github-events-monitor-VERSION.mcpb unless named

Needs Node with npx. The bundle holds the source and the lock file; `uv`, which the client brings, installs from them.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILES = ("manifest.json", "icon.png", "pyproject.toml", "uv.lock", "README.md", "LICENSE")
PACKER = "@anthropic-ai/mcpb@2.1.2"


def main(arguments: list[str]) -> int:
    """Validate the manifest and pack; return the packer's exit code."""
    npx = shutil.which("npx")
    if npx is None:
        sys.stderr.write("error: npx is not there; install Node\n")
        return 1
    version = json.loads((ROOT / "manifest.json").read_text(encoding="utf-8"))["version"]
    target = Path(arguments[0] if arguments else ROOT / "dist" / f"github-events-monitor-{version}.mcpb").absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name in FILES:
            shutil.copy2(ROOT / name, folder)
        shutil.copytree(ROOT / "src", Path(folder, "src"), ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        for words in (["validate", "manifest.json"], ["pack", ".", str(target)]):
            done = subprocess.run(  # noqa: S603 - our own words
                [npx, "--yes", PACKER, *words], cwd=folder, env={**os.environ, "CI": "true"}, check=False
            )
            if done.returncode:
                return done.returncode
    sys.stdout.write(f"{target}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
