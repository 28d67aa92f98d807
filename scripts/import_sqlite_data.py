"""Import an export, or GH Archive files, into the SQLite file of DATABASE_PATH; without a file, standard input."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))  # runs from the checkout, installed or not

from github_events_monitor.cli import main

if __name__ == "__main__":
    os.environ["DATABASE_PROVIDER"] = "sqlite"
    sys.exit(main(["import", *(["-"] if len(sys.argv) == 1 else []), *sys.argv[1:]]))
