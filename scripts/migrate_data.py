"""Migrate from one database to another: `--from URL --to URL`.

Without them, from the SQLite file of DATABASE_PATH to the DynamoDB tables of the environment's settings.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))  # runs from the checkout, installed or not

from github_events_monitor.cli import main
from github_events_monitor.settings import Settings
from github_events_monitor.terminal.moving import migrate_data
from github_events_monitor.terminal.running import run_work
from github_events_monitor.transfer import database_url


async def migrate_sqlite_to_dynamodb(_: Settings) -> int:
    """Both as the environment names them."""
    configs = [Settings.load(database_provider=name).database_config() for name in ("sqlite", "dynamodb")]
    return await migrate_data(database_url(configs[0]), database_url(configs[1]), {}, as_json=False)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(run_work(migrate_sqlite_to_dynamodb))
    sys.exit(main(["migrate", *sys.argv[1:]]))
