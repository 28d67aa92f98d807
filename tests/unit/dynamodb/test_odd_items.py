"""Items that another program wrote or that were spoiled: each is read, or is one sentence of its own."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_events_monitor.infrastructure import thread_wire, wire
from github_events_monitor.infrastructure.dynamodb import state_items
from github_events_monitor.infrastructure.dynamodb.items import Item, UnreadableItem, attributes, pack_json
from github_events_monitor.infrastructure.dynamodb.metrics import metric_from_item, metric_to_item
from github_events_monitor.infrastructure.dynamodb.rows import (
    activity_from_item,
    authorship_from_item,
    commit_from_item,
    commit_to_item,
    event_from_item,
    event_to_item,
    file_from_item,
    file_to_item,
    repo_of,
    sha_of,
    summary_from_item,
    summary_to_item,
)
from github_events_monitor.infrastructure.dynamodb.thread_items import thread_from_item, thread_to_item
from github_events_monitor.jsontext import dump_json
from github_events_monitor.records import MetricRow
from tests.integration.contract.builders import REPO, at, event, full_commit, sha
from tests.integration.contract.test_threads import thread

COMMIT = full_commit()
KEY = f"{sha(1)}#{REPO}"
STATE = state_items.key(f"#state#{REPO}", "state")
FILES, SUMMARY = COMMIT.files or (), COMMIT.summary
assert FILES
assert SUMMARY

Reading = tuple[Item, Callable[[Item], object]]


def _file(item: Item) -> object:
    return wire.file_to_dict(repo_of(KEY), sha_of(KEY), file_from_item(item))


READINGS: dict[str, Reading] = {
    "event": (event_to_item(event("1"), 5), lambda item: wire.event_to_dict(event_from_item(item))),
    "narrow event": (event_to_item(event("1"), 5), lambda item: msgspec.structs.astuple(activity_from_item(item))),
    "commit": (commit_to_item(COMMIT.commit, "v", 5), lambda item: wire.commit_to_dict(commit_from_item(item))),
    "narrow commit": (
        commit_to_item(COMMIT.commit, "v", 5),
        lambda item: msgspec.structs.astuple(authorship_from_item(item)),
    ),
    "file": (file_to_item(KEY, FILES[0], 5), _file),
    "summary": (
        summary_to_item(REPO, sha(1), SUMMARY, 5),
        lambda item: wire.summary_to_dict(REPO, sha(1), summary_from_item(item)),
    ),
    "thread": (thread_to_item(thread(1), "v", 5), lambda item: thread_wire.thread_to_dict(thread_from_item(item))),
    "metric": (
        metric_to_item("security_metrics", MetricRow(key=REPO, sort="a", data={"x": 1})),
        lambda item: metric_from_item("security_metrics", item).data,
    ),
    "state": (
        STATE | attributes({"state": pack_json({"repo_name": REPO, "error_code": "x"}), "rewritten": pack_json({})}),
        lambda item: [state.error_code for state in state_items._states_in([item]).values()],
    ),
    "marks": (STATE | attributes({"unsettled": pack_json([])}), lambda item: len(state_items._marks_in(item))),
    "hours": (attributes({"hours": pack_json([[at(0), at(5)]])}), lambda item: state_items._spans([item])),
    "note": (attributes({"note": pack_json({"any": 1})}), state_items._note_of),
}

DEEP: Any = "x"
for _ in range(100):
    DEEP = {"L": [{"M": {"a": DEEP}}]} if isinstance(DEEP, dict) else {"S": DEEP}

SCALARS = st.one_of(
    st.text(max_size=20).map(lambda text: {"S": text}),
    st.sampled_from(["1", "-1", "1.5", "1e3", "x", "", "9" * 38, "9" * 5_000, "1_0", "٣", "NaN"]).map(
        lambda n: {"N": n}
    ),
    st.binary(max_size=20).map(lambda data: {"B": data}),
    st.booleans().map(lambda flag: {"BOOL": flag}),
    st.sampled_from([{"NULL": True}, {"SS": ["a"]}, {"NS": ["1"]}, {"S": "{}"}, {"B": b"\x28\xb5\x2f\xfd"}]),
    st.sampled_from(
        [DEEP, {}, {"S": None}, {"S": 5}, {"S": ["a"]}, {"N": 5}, {"N": None}, {"L": None}, {"S": "[" * 9_999}]
    ),
)
ODD = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: {"L": parts}),
        st.dictionaries(st.text(max_size=5), inner, max_size=3).map(lambda parts: {"M": parts}),
    ),
    max_leaves=5,
)


@pytest.mark.parametrize("name", READINGS)
@given(data=st.data())
def test_an_odd_item_is_read_or_is_one_sentence(name: str, data: st.DataObject) -> None:
    item, read = READINGS[name]
    dump_json(read(item))
    spoiled = data.draw(st.sampled_from(sorted(item)))
    odd = data.draw(st.none() | ODD)
    changed = {key: value for key, value in item.items() if key != spoiled} | (
        {spoiled: odd} if odd is not None else {}
    )
    said = ""
    try:
        dump_json(read(changed))
    except UnreadableItem as error:
        said = error.message
    assert "\n" not in said
    assert len(said) < 300


def test_a_state_that_cannot_be_read_is_that_of_its_repository_alone() -> None:
    good = state_items.key("#state#octo/good", "state") | attributes({"state": pack_json({"repo_name": "octo/good"})})
    for spoiled in ({"N": "1"}, {"S": "{"}, {"S": '{"repo_name": 5}'}, {"B": b"x"}):
        found = state_items._states_in([good, STATE | {"state": spoiled}])
        assert {name: state.error_code for name, state in found.items()} == {"octo/good": None, REPO: "internal"}
