"""What botocore raises, in our words: the one place where AWS's errors are translated.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
"""

from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectionError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    ResponseStreamingError,
)
from botocore.parsers import ResponseParserError

from ...errors import DatabaseError, DatabaseUnreachable

THROTTLED = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "Throttling",
        "RequestLimitExceeded",
        "LimitExceededException",
        "TransactionInProgressException",
    }
)
_NOT_YET = frozenset({"ContinuousBackupsUnavailableException"})
_CREDENTIALS = frozenset(
    {
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "IncompleteSignatureException",
        "MissingAuthenticationTokenException",
        "MissingAuthenticationToken",
        "ExpiredTokenException",
        "ExpiredToken",
    }
)
_DENIED = frozenset({"AccessDeniedException", "AccessDenied", "NotAuthorized"})
_MISSING = frozenset({"ResourceNotFoundException", "TableNotFoundException"})
_IN_USE = frozenset({"ResourceInUseException", "TableAlreadyExistsException"})
_UNKNOWN = frozenset({"UnknownOperationException", "NotImplemented"})
_NO_CREDENTIALS = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, ProfileNotFound)
NOT_DYNAMODB = "{endpoint} does not answer like DynamoDB: check DYNAMODB_ENDPOINT_URL"
_NONSENSE = (AttributeError, LookupError, TypeError, RecursionError)
"""What botocore's parser raises for JSON of another shape, or of too deep a one."""
_CREATE = "make the tables with `github-events-monitor database create` or `python scripts/setup_dynamodb.py create`"


class TableMissing(DatabaseError):
    """The table is not there (yet)."""


class TableInUse(DatabaseError):
    """The table is being made, changed or removed, or is there already."""


class AccessDenied(DatabaseError):
    """The credentials are good, the right is missing."""


class NotOffered(DatabaseError):
    """The endpoint does not know this operation, as DynamoDB Local does not know backups."""


class ConditionFailed(Exception):
    """A conditional write found something else; `item` is what it found, where the engine tells."""

    def __init__(self, item: dict[str, Any] | None) -> None:
        super().__init__("the condition of a write did not hold")
        self.item = item


def is_unconnected(error: Exception) -> bool:
    """Return whether no connection came about."""
    return isinstance(error, ConnectionError)


def is_unanswered(error: Exception) -> bool:
    """Return whether there was no answer: the connection broke, or the answer took too long."""
    return isinstance(error, ConnectionClosedError | ReadTimeoutError | ResponseStreamingError)


def is_passing(error: Exception) -> bool:
    """Return whether a later attempt may go well: it was throttling, or a failure on AWS's side."""
    if not isinstance(error, ClientError):
        return False
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return _code(error) in THROTTLED | _NOT_YET or (status >= 500 and _code(error) != "NotImplemented")


def condition_failed(error: Exception) -> ConditionFailed | None:
    """Return the failed condition inside an error, if it is one."""
    if isinstance(error, ClientError) and _code(error) == "ConditionalCheckFailedException":
        return ConditionFailed(error.response.get("Item"))  # type: ignore[arg-type] # stubs leave Item out
    return None


def translate(error: Exception, action: str, table: str, endpoint: str) -> DatabaseError:
    """Return a driver's error as one sentence. `action` is AWS's name of the operation, `endpoint` has no secrets."""
    if isinstance(error, _NO_CREDENTIALS):
        return DatabaseError(
            "no usable AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
            "or give the machine a profile or role"
        )
    if isinstance(error, ConnectionError | HTTPClientError):
        return DatabaseUnreachable(
            f"DynamoDB at {endpoint} does not answer ({type(error).__name__}): "
            "check DYNAMODB_ENDPOINT_URL or AWS_REGION, and that it is running"
        )
    if isinstance(error, ClientError):
        return _refusal(error, action, table, endpoint)
    if isinstance(error, ResponseParserError):
        return DatabaseError(NOT_DYNAMODB.format(endpoint=endpoint))
    if isinstance(error, BotoCoreError | ValueError):
        return DatabaseError(f"DynamoDB at {endpoint} cannot be used: {error}"[:400])
    if isinstance(error, _NONSENSE):
        return DatabaseError(NOT_DYNAMODB.format(endpoint=endpoint))
    raise error


def _refusal(error: ClientError, action: str, table: str, endpoint: str) -> DatabaseError:
    code = _code(error)
    reason = str(error.response.get("Error", {}).get("Message", ""))[:300]
    kind, message = next(
        (told for codes, told in _told(code, action, table, endpoint).items() if code in codes),
        (DatabaseError, f"DynamoDB refused {action} on {table}: {code}: {reason}"),
    )
    return kind(message)


def _told(code: str, action: str, table: str, endpoint: str) -> dict[frozenset[str], tuple[type[DatabaseError], str]]:
    return {
        _DENIED: (
            AccessDenied,
            f"AWS denies dynamodb:{action} on {table}: add that action for this table and its indexes to the policy of "
            "the user or role (deploy/iam holds policies that suffice)",
        ),
        _CREDENTIALS: (
            DatabaseError,
            f"AWS does not accept the credentials ({code}): check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and "
            "AWS_SESSION_TOKEN, or the profile or role in use",
        ),
        _MISSING: (TableMissing, f"table {table} does not exist at {endpoint}: {_CREATE}"),
        _IN_USE: (TableInUse, f"table {table} exists already or is being changed"),
        _UNKNOWN: (NotOffered, f"{endpoint} does not offer dynamodb:{action}"),
        THROTTLED: (
            DatabaseError,
            f"DynamoDB kept throttling {action} on {table} ({code}): wait and try again, and see whether the table's "
            "billing mode is PAY_PER_REQUEST",
        ),
    }


def shown(url: str) -> str:
    """Return an endpoint without user, password, path or query."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")


def _code(error: ClientError) -> str:
    # DynamoDB names the exception after a namespace: com.amazonaws.dynamodb.v20120810#ThrottlingException
    return str(error.response.get("Error", {}).get("Code", "")).rpartition("#")[2]
