"""Collector state as items: rows of `event_patterns` under keys that begin with `#`, which no data method returns.

    key (repo_name)     sort (event_pattern_detected)       what
    #state#owner/name   state                               state (JSON), epoch, lease_owner, lease_until, unsettled:
                                                            what indexes still have to show of it (JSON, `settling`);
                                                            latest_events, latest_commits, latest_threads: the same
                                                            of what was stored last without the lease; rewritten:
                                                            rewritings of its branches by kind of listing (JSON)
    #watch              owner/name                          watched: true, or false for taken off
    #alias              the old owner/name                  target: the key under which it is stored now
    #readers            a reader's name                     note: the instant up to which it was shown what is new
    #patterns           owner/*, @me, @starred, !o/x-*      note: what it stands for, whether it is watched (JSON)
    #delivered          owner/name                          note: webhooks told of it
    #looks              quiet                               note: which repositories looks found as they were (JSON)
    #repos#<0-f>        owner/name                          a repository of which something is stored
    #repos#<0-f>        owner/name#                         full_name: GitHub's spelling
    #archive            hours                               hours: spans imported for all repositories (JSON)
    #strangers          events                              an event is kept beside another of its id
    #layout             layout                              version of this layout of tables and rows
    #types              event type                          a type beyond the well-known ones
    #shas#owner/name    full sha                            so that a shortened sha is found without a scan
    #bare#owner/name    commit_date#sha                     a commit whose details are not known yet

and in `developer_metrics`, under a login: `#seen#owner/name#YYYY-MM-DD`, a day on which the login was active there.

Implementation notes
- Every row but the state is absolute and idempotent: it can be written twice, by two processes, in any order. That is
  why a repository's spelling has a row of its own.
- State and lease share an item, so that one conditional write checks the lease's epoch and stores the state.
- Rows are written before the records that they lead to: after a crash a row may point to nothing, never the reverse.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

import msgspec

from ...branches import noted_with, to_store, with_rewritings
from ...errors import LeaseLost, SchemaMismatch
from ...ledger import without_tables
from ...records import Lease, RepositoryState, Rewriting, Span, repo_key
from ...side_by_side import side_by_side
from ..contract.collector_state import readable_state, unreadable_state
from .batches import Write, all_items, expressions, get_items, put, write_items
from .client import DynamoDBClient
from .faults import ConditionFailed
from .items import Item, UnreadableItem, attributes, encode, must, number, pack_json, plain, reads, unpack_json
from .layout import TYPE_EVENTS
from .settling import Mark, unsettled

TABLE = "event_patterns"
_LATEST = tuple(f"latest_{table}" for table in ("events", "commits", "threads"))
_SHOW_STATE = "#repo_name, #state, #rewritten"
_SHOW_LATEST = ", ".join(f"#{name}" for name in _LATEST)
LAYOUT = 1
"""Grows with every change of keys, indexes or rows that an older program would misread."""


def key(first: str, second: str) -> Item:
    """Return a key of `event_patterns`."""
    return {"repo_name": {"S": first}, "event_pattern_detected": {"S": second}}


def row(first: str, second: str, **values: Any) -> Write:
    """Return a row of `event_patterns`."""
    return put(TABLE, key(first, second) | attributes(values))


async def check_layout(client: DynamoDBClient) -> None:
    """Write down which layout the tables have, once. Raises `SchemaMismatch` when a newer program did."""
    place = key("#layout", "layout")
    found = await get_items(client, TABLE, [place], consistent=True)
    if not found:
        await write_items(client, [row("#layout", "layout", version=LAYOUT)])
    elif number(found[0], "version") > LAYOUT:
        raise SchemaMismatch(
            f"the tables {client.table_prefix}* were written by a newer version of this program (layout "
            f"{found[0]['version']['N']}, this one knows {LAYOUT}): update it, or choose another DYNAMODB_TABLE_PREFIX"
        )


async def load_states(client: DynamoDBClient, repos: Sequence[str]) -> dict[str, RepositoryState]:
    """States by repository, read consistently."""
    return _states_in(await get_items(client, TABLE, _state_keys(repos), attributes=_SHOW_STATE, consistent=True))


async def load_states_and_note(
    client: DynamoDBClient, repos: Sequence[str], namespace: str, name: str
) -> tuple[dict[str, RepositoryState], Any]:
    """Return the same as indexes show it by now, and one note of a namespace, None where there is none."""
    keys = [*_state_keys(repos), key(namespace, name)]
    found = await get_items(
        client, TABLE, keys, attributes=f"{_SHOW_STATE}, #unsettled, {_SHOW_LATEST}, #note", consistent=True
    )
    return await _settled_states(client, found), next((_note_of(item) for item in found if "note" in item), None)


async def load_unsettled_states(client: DynamoDBClient, repos: Sequence[str]) -> dict[str, RepositoryState]:
    """Return the states of those of the repositories of which the index of all events does not show some yet."""
    shown = f"#repo_name, #state, #unsettled, {_SHOW_LATEST}"
    found = await get_items(client, TABLE, _state_keys(repos), attributes=shown, consistent=True)
    return await _settled_states(client, [item for item in found if "state" in item], TYPE_EVENTS.name, alone=True)


def _state_keys(repos: Iterable[str]) -> list[Item]:
    return [key(f"#state#{repo}", "state") for repo in repos]


async def _settled_states(
    client: DynamoDBClient, found: Sequence[Item], index: str | None = None, *, alone: bool = False
) -> dict[str, RepositoryState]:
    """States without what they say is known of records that an index does not show yet.

    index: the one that is looked at; None is every one. alone: leave the other states out.
    """
    states: dict[str, RepositoryState] = {}
    readable: list[Item] = []
    wanted: list[list[Mark]] = []
    for item in found:
        try:
            wanted.append([mark for mark in _marks_in(item) if index in {mark.index, None}])
            readable.append(item)
        except UnreadableItem:
            states[_repo_of(item)] = unreadable_state(_repo_of(item))
    due = await side_by_side([partial(unsettled, client, marks) for marks in wanted])
    for item, marks in zip(readable, due, strict=True):
        for name, state in _states_in([item]).items():
            if marks or not alone:
                states[name] = without_tables(state, {mark.table for mark in marks}) if marks else state
    return states


@reads
def _marks_in(item: Item) -> list[Mark]:
    values = plain(item)
    found = [unpack_json(values[name]) for name in ("unsettled", *_LATEST) if name in values]
    return [mark for marks in found for mark in msgspec.convert(marks, list[Mark])]


def _pack(marks: Sequence[Mark]) -> dict[str, Any]:
    return encode(pack_json(msgspec.to_builtins(marks)))


def _latest(marks: Sequence[Mark]) -> dict[str, dict[str, Any]]:
    """Return attributes that say what was stored last, one for each table."""
    tables = dict.fromkeys(mark.table for mark in marks)
    return {f"latest_{table}": _pack([mark for mark in marks if mark.table == table]) for table in tables}


def _setting(values: Mapping[str, Any]) -> str:
    return ", ".join(f"#{name} = :{name}" for name in values)


def _bound(values: Mapping[str, Any]) -> dict[str, Any]:
    return {f":{name}": value for name, value in values.items()}


async def note_latest(client: DynamoDBClient, marks: Mapping[str, Sequence[Mark]]) -> None:
    """Say beside the states of these repositories what is about to be stored; those without a state claim nothing.

    It takes the place of what was said of the same table before: an index that shows the later shows the earlier.
    """
    states = await get_items(client, TABLE, _state_keys(marks), attributes="#repo_name", consistent=True)
    known = [_repo_of(item) for item in states]
    values = {repo: _latest(marks[repo]) for repo in known}
    await side_by_side(
        partial(
            client.call,
            "update_item",
            TableName=client.table(TABLE),
            Key=key(f"#state#{repo}", "state"),
            ExpressionAttributeValues=_bound(latest),
            **expressions(UpdateExpression=f"SET {_setting(latest)}"),
        )
        for repo, latest in values.items()
    )


def _states_in(found: Iterable[Item]) -> dict[str, RepositoryState]:
    states = [_state_of(item) for item in found if "state" in item]
    return {state.repo_name: state for state in states}


def _state_of(item: Item) -> RepositoryState:
    try:
        return with_rewritings(readable_state(_repo_of(item), _stored_state(item)), _rewritings(item))
    except UnreadableItem:
        return unreadable_state(_repo_of(item))


def _repo_of(item: Item) -> str:
    return must(item, "repo_name").removeprefix("#state#")


@reads
def _stored_state(item: Item) -> RepositoryState:
    return msgspec.convert(unpack_json(plain(item)["state"]), RepositoryState)


def _note_of(item: Item) -> Any:
    """Return a note; one that cannot be read is None, which no note is: it must not stand in the way of all answers."""
    try:
        return _readable_note(item)
    except UnreadableItem:
        return None


@reads
def _readable_note(item: Item) -> Any:
    return unpack_json(plain(item)["note"])


@reads
def _rewritings(item: Item) -> dict[str, Rewriting]:
    values = plain(item)
    return msgspec.convert(unpack_json(values["rewritten"]), dict[str, Rewriting]) if "rewritten" in values else {}


async def note_rewritings(client: DynamoDBClient, repo: str, rewritings: Mapping[str, Rewriting]) -> None:
    """Note rewritings beside a state, also while another process does so."""
    place = key(f"#state#{repo}", "state")
    while True:
        found = await get_items(client, TABLE, [place], attributes="#rewritten", consistent=True)
        before = found[0].get("rewritten") if found else None
        noted: dict[str, Rewriting] = {}
        with suppress(UnreadableItem):  # what cannot be read is replaced
            noted = _rewritings(found[0]) if found else {}
        after = noted_with(noted, rewritings)
        values = {":after": encode(pack_json(after))} | ({":before": before} if before else {})
        condition = "#rewritten = :before" if before else "attribute_not_exists(#rewritten)"
        with suppress(ConditionFailed):
            await client.call(
                "update_item",
                TableName=client.table(TABLE),
                Key=place,
                ExpressionAttributeValues=values,
                **expressions(UpdateExpression="SET #rewritten = :after", ConditionExpression=condition),
            )
            return


async def save_state(
    client: DynamoDBClient, state: RepositoryState, lease: Lease | None = None, due: Sequence[Mark] = ()
) -> None:
    """Store a state; under a lease only while it holds, and with what indexes still have to show. Raises `LeaseLost`.

    Without a lease, what indexes have to show stays, and what is `due` is what was stored lately.
    """
    values: dict[str, Any] = {":state": encode(pack_json(msgspec.to_builtins(to_store(state))))}
    parts = {"UpdateExpression": "SET #state = :state"}
    if lease:
        values[":epoch"] = encode(lease.epoch)
        parts["ConditionExpression"] = "#epoch = :epoch"
        parts["UpdateExpression"] += ", #unsettled = :due" if due else " REMOVE #unsettled"
        if due:
            values[":due"] = _pack(due)
    elif due:
        parts["UpdateExpression"] += f", {_setting(_latest(due))}"
        values |= _bound(_latest(due))
    try:
        await client.call(
            "update_item",
            TableName=client.table(TABLE),
            Key=key(f"#state#{state.repo_name}", "state"),
            ExpressionAttributeValues=values,
            **expressions(**parts),
        )
    except ConditionFailed:
        raise lease_lost(state.repo_name) from None


class Earlier(NamedTuple):
    """What indexes still had to show of a repository. latest: what of it was stored without the lease, as it stands."""

    marks: list[Mark]
    latest: Item


async def check_lease(client: DynamoDBClient, lease: Lease) -> Earlier:
    """Return what indexes still had to show of the repository. Raises `LeaseLost` when another holder came since."""
    keys = [key(f"#state#{lease.repo_name}", "state")]
    found = await get_items(client, TABLE, keys, attributes=f"#epoch, #unsettled, {_SHOW_LATEST}", consistent=True)
    if not found or (number(found[0], "epoch") if "epoch" in found[0] else 0) != lease.epoch:
        raise lease_lost(lease.repo_name)
    return Earlier(_marks_in(found[0]), {name: value for name, value in found[0].items() if name in _LATEST})


async def forget_latest(client: DynamoDBClient, repo: str, latest: Item) -> None:
    """Remove what was stored lately, which has been seen to, unless something else was stored since."""
    if not latest:
        return
    with suppress(ConditionFailed):
        await client.call(
            "update_item",
            TableName=client.table(TABLE),
            Key=key(f"#state#{repo}", "state"),
            ExpressionAttributeValues=_bound(latest),
            **expressions(
                UpdateExpression=f"REMOVE {', '.join(f'#{name}' for name in latest)}",
                ConditionExpression=_setting(latest).replace(", ", " AND "),
            ),
        )


async def archive_hours(client: DynamoDBClient) -> tuple[Span, ...]:
    """Hours of GH Archive that were imported for all repositories."""
    return _spans(await get_items(client, TABLE, [key("#archive", "hours")], consistent=True))


async def change_archive_hours(client: DynamoDBClient, change: Callable[[tuple[Span, ...]], tuple[Span, ...]]) -> None:
    """Replace these hours by what `change` makes of them, also while another process does so."""
    place = key("#archive", "hours")
    while True:
        found = await get_items(client, TABLE, [place], consistent=True)
        before = _spans(found)
        if (after := change(before)) == before:
            return
        condition = expressions(ConditionExpression="#hours = :before" if found else "attribute_not_exists(#hours)")
        if found:
            condition["ExpressionAttributeValues"] = {":before": found[0]["hours"]}
        try:
            item = place | attributes({"hours": pack_json(after)})
            await client.call("put_item", TableName=client.table(TABLE), Item=item, **condition)
        except ConditionFailed:
            continue
        return


def _spans(found: Sequence[Item]) -> tuple[Span, ...]:
    return _hours_of(found[0]) if found else ()


@reads
def _hours_of(item: Item) -> tuple[Span, ...]:
    return msgspec.convert(unpack_json(plain(item)["hours"]), tuple[Span, ...])


async def watch_list(client: DynamoDBClient) -> dict[str, bool]:
    """Every repository ever put on or taken off, in order."""
    found = await all_items(client, partition(client, "#watch"))
    # What cannot be read was put on the list at some time.
    return {must(item, "event_pattern_detected"): item.get("watched") != {"BOOL": False} for item in found}


async def aliases_of(client: DynamoDBClient, names: Iterable[str]) -> dict[str, str]:
    """Return where renamed repositories are stored, by name."""
    found = await get_items(client, TABLE, [key("#alias", name) for name in names], consistent=True)
    return {must(item, "event_pattern_detected"): repo_key(must(item, "target")) for item in found}


async def has_reused_ids(client: DynamoDBClient) -> bool:
    """Return whether an event was ever kept beside another of its id."""
    return bool(await get_items(client, TABLE, [key("#strangers", "events")], consistent=True))


async def note_reused_ids(client: DynamoDBClient) -> None:
    """Remember that there is such an event."""
    await write_items(client, [row("#strangers", "events")])


async def notes(client: DynamoDBClient, namespace: str, names: Sequence[str] | None) -> dict[str, Any]:
    """Return notes of a namespace by name: those of the names that there are, or all."""
    if names is None:
        found = await all_items(client, partition(client, namespace))
    else:
        found = await get_items(client, TABLE, [key(namespace, name) for name in names], consistent=True)
    return {must(item, "event_pattern_detected"): _note_of(item) for item in found}


def lease_lost(repo: str) -> LeaseLost:
    """Return the error, in words."""
    return LeaseLost(f"another collector took over {repo}: what this one learned was not recorded as complete")


def partition(client: DynamoDBClient, first: str, prefix: str = "") -> dict[str, Any]:
    """Return the query for the rows of a key, those whose sort key begins with a prefix; read consistently."""
    condition = "#repo_name = :key" + (" AND begins_with(#event_pattern_detected, :prefix)" if prefix else "")
    values = attributes({":key": first, ":prefix": prefix or None})
    return {
        "TableName": client.table(TABLE),
        "ConsistentRead": True,
        "ExpressionAttributeValues": values,
        **expressions(KeyConditionExpression=condition),
    }
