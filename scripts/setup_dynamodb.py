"""The DynamoDB tables of the environment's settings: `test`, `create`, `info` or `delete` (asks, or takes `--yes`)."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))  # runs from the checkout, installed or not

from github_events_monitor.cli import main

if __name__ == "__main__":
    os.environ["DATABASE_PROVIDER"] = "dynamodb"
    sys.exit(main(["database", *sys.argv[1:]]))
