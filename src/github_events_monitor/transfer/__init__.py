"""Moving data: GitHub's archives and this program's own exports into a database, exports out of it, one into another.

import_files(manager, paths, …) -> ImportReport     files of events, or exports
export_items(manager, out, …)   -> items by table   the format is described in `export_file`
migrate(source_url, target_url, …) -> ImportReport  without a file between
"""

from .export_file import export_items
from .importing import import_files
from .migrating import copy_items, database_url, migrate, parse_database_url, require_database
from .report import BrokenLine, ImportReport, Progress

__all__ = [
    "BrokenLine",
    "ImportReport",
    "Progress",
    "copy_items",
    "database_url",
    "export_items",
    "import_files",
    "migrate",
    "parse_database_url",
    "require_database",
]
