"""The SQLite file of DATABASE_PATH: makes its tables, or does what is named (`test`, `create`, `info`, `delete`)."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))  # runs from the checkout, installed or not

from github_events_monitor.cli import main

if __name__ == "__main__":
    os.environ["DATABASE_PROVIDER"] = "sqlite"
    sys.exit(main(["database", *(["create"] if len(sys.argv) == 1 else []), *sys.argv[1:]]))
