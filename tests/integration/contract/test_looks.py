"""What is kept of looks at many repositories, and what it makes known of each: the same on every provider."""

from collections.abc import Mapping, Sequence

import msgspec
import pytest

from github_events_monitor.errors import InvalidInput, MonitorError
from github_events_monitor.infrastructure.database_interface import DatabaseManager
from github_events_monitor.infrastructure.database_service import QuestionContext
from github_events_monitor.infrastructure.questions.windows import ask
from github_events_monitor.instants import parse_instant
from github_events_monitor.ledger import learn
from github_events_monitor.records import Ledger, RepositoryState, Span

from .builders import OTHER, REPO, at

VISITED, LOOKED, NOW = at(10), at(50), at(52)


def visited(repo: str = REPO, **fields: object) -> RepositoryState:
    """A repository that was visited, and of which everything is known up to then."""
    known = Span(at(0, day=1), at(10, second=2))
    ledger = Ledger(spans={"events": (known,), "commits": (known,), "threads": (known,), "commits:dev": (known,)})
    state = RepositoryState(
        repo_name=repo, full_name=repo, ledger=ledger, last_attempt_at=VISITED, last_collected_at=at(11)
    )
    return msgspec.structs.replace(state, **fields)


def ends(state: RepositoryState) -> dict[str, str]:
    return {kind: spans[-1].until for kind, spans in state.ledger.spans.items()}


async def test_a_quiet_look_makes_commits_and_threads_known_up_to_then_and_events_not(manager: DatabaseManager) -> None:
    state, other = visited(), visited(OTHER)
    await manager.collector_state.save_states([state, other])
    await manager.collector_state.save_look(LOOKED, ["Octo/Spoon"], [OTHER])
    found = await manager.collector_state.get_looked_states(["octo/SPOON", OTHER, "o/unknown"], NOW)
    assert found.keys() == {REPO, OTHER}
    assert found[OTHER] == other
    known = at(10, second=2)
    assert ends(found[REPO]) == {"events": known, "commits": LOOKED, "threads": LOOKED, "commits:dev": known}
    assert (found[REPO].last_collected_at, found[REPO].looked_at, found[REPO].last_attempt_at) == (
        LOOKED,
        LOOKED,
        VISITED,
    )
    assert await manager.collector_state.get_states([REPO, OTHER]) == {REPO: state, OTHER: other}
    assert await manager.collector_state.get_looked_states([], NOW) == {}


@pytest.mark.parametrize(
    "state",
    [
        visited(last_attempt_at=at(55)),  # visited after the look
        visited(last_attempt_at=at(30)),  # a later visit did not get as far as listing anything
        visited(error_code="unreachable"),
        visited(last_attempt_at=None),
        visited(ledger=Ledger()),
    ],
    ids=["visited since", "listed nothing", "failed", "never", "forgotten"],
)
async def test_a_look_proves_nothing_of_what_its_visit_did_not_learn(
    manager: DatabaseManager, state: RepositoryState
) -> None:
    await manager.collector_state.save_states([state])
    await manager.collector_state.save_look(LOOKED, [REPO], [])
    assert await manager.collector_state.get_looked_states([REPO], at(58)) == {REPO: state}


async def test_a_look_under_a_clock_that_ran_ahead_does_not_count(manager: DatabaseManager) -> None:
    await manager.collector_state.save_states([visited()])
    await manager.collector_state.save_look(LOOKED, [REPO], [])
    assert await manager.collector_state.get_looked_states([REPO], at(40)) == {REPO: visited()}
    assert (await manager.collector_state.get_looked_states([REPO], at(46)))[REPO].looked_at == LOOKED
    with pytest.raises(InvalidInput):
        await manager.collector_state.save_look("some day", [REPO], [])


async def test_what_several_programs_looks_proved_is_kept_for_an_hour(manager: DatabaseManager) -> None:
    state = manager.collector_state
    names = [f"octo/r{number}" for number in range(300)]
    await state.save_states([visited(name) for name in names])

    async def looked_at(now: str) -> set[str | None]:
        return {found.looked_at for found in (await state.get_looked_states(names, now)).values()}

    await state.save_look(at(20), names, [])
    await state.save_look(at(30), names[:100], names[100:150])
    found = await state.get_looked_states(names, at(31))
    shown = [names[number] for number in (0, 99, 100, 149, 150, 299)]
    assert [found[name].looked_at for name in shown] == [
        at(30), at(30), None, None, at(20), at(20),
    ]  # fmt: skip
    await state.save_look(at(25, hour=13), names[:1], [])
    assert await looked_at(at(26, hour=13)) == {at(25, hour=13), at(30), None}


async def test_looks_are_no_data_and_no_repository(manager: DatabaseManager) -> None:
    await manager.collector_state.save_look(LOOKED, [REPO], [])
    assert [row async for row in manager.read_items()] == []
    assert await manager.collector_state.get_repositories() == []
    assert await manager.collector_state.get_watch_list() == {}
    assert await manager.collector_state.get_looked_states([REPO], NOW) == {}


class Collected:
    """What questions would have had collected."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    async def refresh(
        self, keys: Sequence[str], span: Span, branch: str | None = None, kinds: Sequence[str] = ()
    ) -> Mapping[str, MonitorError | None]:
        self.keys.extend(keys)
        return dict.fromkeys(keys)


async def test_what_a_look_found_quiet_is_fresh_but_for_events_of_few_repositories(
    manager: DatabaseManager,
) -> None:
    collected = Collected()
    names = [REPO, OTHER, "octo/third"]
    await manager.collector_state.save_states(map(visited, names))
    context = QuestionContext(manager=manager, clock=lambda: parse_instant(NOW), refresh=collected.refresh)
    asked = ask(context.now(), hours=24)
    await context.look_up(REPO, asked, kinds=["commits"])
    assert collected.keys == [REPO]
    await manager.collector_state.save_look(LOOKED, names, [])
    collected.keys.clear()
    for kinds in (["commits"], ["threads"]):
        subject = await context.look_up(REPO, asked, kinds=kinds)
        assert context.coverage(subject, asked, kinds[0]).complete
    (one, *_) = await context.look_up_all(names, asked, ["events", "commits", "threads"])
    assert collected.keys == []
    coverage = context.coverage(one, asked, "events")
    assert (coverage.complete, coverage.to) == (False, at(10, second=2))
    await context.look_up(REPO, asked, kinds=["events"])
    assert collected.keys == [REPO]
    await context.look_up_all([REPO, OTHER], asked, ["events"])
    assert sorted(collected.keys) == [OTHER, REPO, REPO]


async def test_a_question_about_one_repository_collects_what_no_look_proved(manager: DatabaseManager) -> None:
    collected = Collected()
    state = visited(last_attempt_at=at(30))  # a question about commits brought these up to date, and nothing else
    await manager.collector_state.save_states(
        [msgspec.structs.replace(state, ledger=learn(state.ledger, "commits", Span(at(5), at(30))))]
    )
    await manager.collector_state.save_look(LOOKED, [REPO], [])
    context = QuestionContext(manager=manager, clock=lambda: parse_instant(NOW), refresh=collected.refresh)
    asked = ask(context.now(), hours=24)
    await context.look_up(REPO, asked, kinds=["commits"])
    assert collected.keys == []
    await context.look_up(REPO, asked, kinds=["threads"])
    assert collected.keys == [REPO]
