"""Renew the chart library of the web page as npm publishes it: https://www.npmjs.com/package/chart.js

usage: python scripts/vendor_charts.py [VERSION]    (needs npm)
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

VERSION = "4.6.1"
TARGET = Path(__file__).parents[1] / "src" / "github_events_monitor" / "dashboard" / "static"


def main(version: str) -> None:
    """Fetch a version, whose integrity npm checks, and keep the minified file and its licence."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is needed")
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", "--silent", f"chart.js@{version}"]
        packed = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)  # noqa: S603 - npm itself
        shutil.unpack_archive(Path(folder) / packed.stdout.split()[-1], folder, filter="data")
        package = Path(folder) / "package"
        lines = (package / "dist" / "chart.umd.min.js").read_text(encoding="utf-8").splitlines(keepends=True)
        kept = "".join(line for line in lines if not line.startswith("//# sourceMappingURL"))
        (TARGET / "chart.umd.min.js").write_text(kept, encoding="utf-8")
        (TARGET / "chart.LICENSE.md").write_bytes((package / "LICENSE.md").read_bytes())


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else VERSION)
