"""What works on several repositories of one database at once takes this."""

from typing import NamedTuple

from .collector_state import DynamoDBCollectorState
from .commits import DynamoDBCommits
from .connection import DynamoDBConnection
from .events import DynamoDBEvents
from .metrics import DynamoDBMetrics
from .threads import DynamoDBThreads


class Repositories(NamedTuple):
    """The repositories of one manager and their connection."""

    connection: DynamoDBConnection
    events: DynamoDBEvents
    commits: DynamoDBCommits
    metrics: DynamoDBMetrics
    collector_state: DynamoDBCollectorState
    threads: DynamoDBThreads
