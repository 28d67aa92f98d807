"""Faults of GitHub are met with the collector of tests/integration/collecting, those of DynamoDB behind its proxy."""

import os

from tests.integration.collecting.conftest import _no_waiting, world
from tests.integration.dynamodb.conftest import make

__all__ = ["_no_waiting", "make", "world"]

collect_ignore = ["test_dynamodb.py"] if os.environ.get("DATABASE_PROVIDER") == "sqlite" else []
