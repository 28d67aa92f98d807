"""What a database must do for this program: the docstrings here are the contract of every provider.

Public methods validate, normalise and stay the same for all; a provider writes the private hooks (`_insert`, `_page`
and so on) and nothing else. Hooks get lower-case keys, instants in the stored form, windows as since <= t < until, and
records that passed validation. They raise only errors of the `DatabaseError` branch: a driver's errors are translated
in the provider's connection. Every public method initialises the manager where that was not done.

Rules for all: an unknown repository, type or person gives an empty result, never an error; order is stated where there
is one; a repeated write of the same record changes nothing and counts nothing; results are complete, however many
pages the engine needs; nothing here ever deletes a table of another program.
"""

from .contract.bulk import BatchEncoder
from .contract.collector_state import CollectorState
from .contract.commits import CommitsRepository
from .contract.connection import DatabaseConnection, retries_longer, retrying_longer
from .contract.events import EventsRepository
from .contract.manager import DatabaseManager
from .contract.metrics import MetricsRepository
from .contract.names import Names, Newest, keep_newest
from .contract.threads import ThreadsRepository
from .contract.types import (
    CORE_TABLES,
    LONGEST_LEASE,
    RESERVED,
    TABLES,
    KnownRepository,
    MetricTable,
    Position,
    RepositoryCount,
    TableItem,
    check_tables,
)

__all__ = [
    "CORE_TABLES",
    "LONGEST_LEASE",
    "RESERVED",
    "TABLES",
    "BatchEncoder",
    "CollectorState",
    "CommitsRepository",
    "DatabaseConnection",
    "DatabaseManager",
    "EventsRepository",
    "KnownRepository",
    "MetricTable",
    "MetricsRepository",
    "Names",
    "Newest",
    "Position",
    "RepositoryCount",
    "TableItem",
    "ThreadsRepository",
    "check_tables",
    "keep_newest",
    "retries_longer",
    "retrying_longer",
]
