"""Repository health: components after CHAOSS and OpenSSF Scorecard, weighed into one score that knows its limits.

health_score = 100 * sum(weight * score) / sum(weight) over the components that are known, None below 60 % of known
weight; confidence = known weight / all weight, where a component that leaves out some of its sample because it was not
read counts with the share that was. Weights and thresholds: `health.rules`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from ..instants import seconds_between, shift
from ..ledger import merge_spans, missing_spans
from ..observations import Snapshot
from ..people import Kind
from ..records import Activity, Authorship, MetricRow, Span, Thread
from ..text import count_of
from .accounts import Accounts
from .contributions import NO_CONTRIBUTIONS
from .health import observed, threads, work
from .health.history import arrange
from .health.period import Measure, Period
from .health.rules import FLAT_BELOW, MINIMUM_KNOWN_SHARE, TOTAL_WEIGHT, recommend
from .results import Component, HealthResult, Trend
from .threads import bots_of, by_number, join_threads

MEASURES: tuple[Measure, ...] = (
    threads.measure_responsiveness,
    threads.measure_change_requests,
    threads.measure_issues,
    work.measure_contributors,
    threads.measure_review,
    work.measure_maintenance,
    work.measure_releases,
    observed.measure_ci,
    observed.measure_profile,
    observed.measure_advisories,
)


HEALTH_FACTS = ("action", "number", "ref", "subject")
"""All that is looked at of an event's facts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthInputs:
    """What health is judged from: stored instants, window since <= t < until.

    activity, authorship: from the start of the previous window or 90 days before `until`, whichever is earlier.
    releases: stored rows of releases, of any time. snapshot: None where the window does not end in the present.
    threads: the record of issues and pull requests that changed since that start, or more of it.
    events_known, commits_known, releases_known, threads_known: completely known spans.
    stored_score: the result kept from the day this window began, for when the records before it are not known.
    """

    since: str
    until: str
    activity: Sequence[Activity]
    authorship: Sequence[Authorship] = ()
    releases: Sequence[MetricRow] = ()
    snapshot: Snapshot | None = None
    events_known: Sequence[Span] = ()
    commits_known: Sequence[Span] = ()
    releases_known: Sequence[Span] = ()
    threads: Sequence[Thread] = ()
    threads_known: Sequence[Span] = ()
    bot_logins: frozenset[str] = frozenset()
    stored_score: float | None = None


def assess_health(inputs: HealthInputs) -> HealthResult:
    """Return how healthy a window shows a repository, with a trend. Order and repetition of the rows do not matter."""
    accounts = Accounts(inputs.authorship, inputs.bot_logins, bots_of(inputs.threads))
    activity = join_threads(inputs.activity, inputs.threads) if inputs.threads else inputs.activity
    period = Period(
        since=inputs.since,
        until=inputs.until,
        history=arrange(activity, inputs.authorship, accounts),
        people=accounts.people,
        releases=inputs.releases,
        snapshot=inputs.snapshot,
        events_known=inputs.events_known,
        commits_known=inputs.commits_known,
        releases_known=merge_spans((*inputs.events_known, *inputs.releases_known)),
        records=by_number(inputs.threads),
        threads_known=merge_spans((*inputs.events_known, *inputs.threads_known)),
    )
    components = tuple(measure(period) for measure in MEASURES)
    kinds = _count_accounts(period, accounts)
    score, trend = _score(components), _trend(period, components)
    if trend.direction is None and score is not None and inputs.stored_score is not None:
        trend = _compare(score, inputs.stored_score, f"Against the result stored on {inputs.since[:10]}")
    return HealthResult(
        health_score=score,
        confidence=round(_known_weight(components) / TOTAL_WEIGHT, 3),
        components=components,
        trend=trend,
        recommendations=recommend(components),
        people=kinds["person"],
        bots=kinds["bot"],
        ai_assistants=kinds["ai_assistant"],
    )


def _known_weight(components: Sequence[Component]) -> float:
    return sum(c.weight * _share_read(c) for c in components if c.score is not None)


def _share_read(component: Component) -> float:
    sample = component.sample_size or 0
    return sample / (sample + component.left_out) if component.left_out else 1.0


def _score(components: Sequence[Component]) -> float | None:
    if _known_weight(components) < MINIMUM_KNOWN_SHARE * TOTAL_WEIGHT:
        return None
    scored = [(c.weight, c.score) for c in components if c.score is not None]
    return round(100 * sum(weight * score for weight, score in scored) / sum(weight for weight, _ in scored), 1)


def _trend(period: Period, components: Sequence[Component]) -> Trend:
    """Return the trend: only components known in both windows count on both sides."""
    length = timedelta(seconds=seconds_between(period.since, period.until))
    before = replace(period, since=shift(period.since, -length), until=period.since, snapshot=None)
    for what, known in (("events", period.threads_known), ("commits", period.commits_known)):
        if missing_spans(known, before.since, period.until):
            return _no_trend(f"Not compared: {what} are not completely known from {before.since} to {period.until}.")
    previous = {c.name: c for c in (measure(before) for measure in MEASURES) if c.score is not None}
    shared = [c for c in components if c.score is not None and c.name in previous]
    now, then = _score(shared), _score([previous[c.name] for c in shared])
    if now is None or then is None:
        return _no_trend(
            f"Not compared: only {count_of(len(shared), 'component')} known in this window and the one before."
        )
    return _compare(
        now, then, f"Over the {count_of(len(shared), 'component')} known in both windows, the other from {before.since}"
    )


def _compare(now: float, then: float, what: str) -> Trend:
    change = round(now - then, 1)
    return Trend(
        direction="up" if change >= FLAT_BELOW else "down" if change <= -FLAT_BELOW else "flat",
        previous_score=then,
        change=change,
        explanation=f"{what}: {now} now, {then} then.",
    )


def _no_trend(why: str) -> Trend:
    return Trend(direction=None, previous_score=None, change=None, explanation=why)


def _count_accounts(period: Period, accounts: Accounts) -> Mapping[Kind, int]:
    """Return how many accounts did something in the window, by kind; stars and forks do not count."""
    contributions = [rows for kind, rows in period.history.rows.items() if kind not in NO_CONTRIBUTIONS]
    logins = {row.actor_login for rows in contributions for row in period.part(rows)}
    known = {accounts.of_login(login) for login in logins if login}
    since, until = period.since, period.until
    known.update(*(commit.authors.accounts for commit in period.history.commits if since <= commit.at < until))
    found = list({account.key: account.kind for account in sorted(known)}.values())
    return {"person": found.count("person"), "bot": found.count("bot"), "ai_assistant": found.count("ai_assistant")}
