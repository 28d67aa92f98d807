"""Export the SQLite file of DATABASE_PATH to standard output, or to a file."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))  # runs from the checkout, installed or not

from github_events_monitor.cli import main

if __name__ == "__main__":
    os.environ["DATABASE_PROVIDER"] = "sqlite"
    sys.exit(main(["export", *sys.argv[1:]]))
