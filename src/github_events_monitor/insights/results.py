"""What the insights find: the part of an answer that pure functions make; a question adds window and coverage."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from ..answers import AnswerModel, Flag, Kind, Strings

RiskLevel = Literal["low", "medium", "high", "critical"]
Formula = Annotated[SkipJsonSchema[str], Field(exclude=True)]
"""How a number is made; not part of answers, for it stands once in `github-events://formulas`."""
LeftOut = Annotated[SkipJsonSchema[int], Field(exclude=True)]
"""How many were left out of a sample because too little of them was read; the explanation says so."""

Evidence = tuple[str, ...]
"""What a reader can open: `event:<id>`, `commit:<sha>`, or a URL; at most a handful."""


Unit = Literal["hour", "day", "week"]


class ActivitySeries(AnswerModel):
    """Events by time: `counts` has for each type how many fell into each hour, day or week (UTC), from `start` on."""

    unit: Unit
    start: str
    counts: dict[str, tuple[int, ...]]


class ThreadSeries(AnswerModel):
    """Threads by time: opened, merged, closed without merging in each hour, day or week (UTC), and open at its end."""

    unit: Unit
    start: str
    opened: tuple[int, ...]
    merged: tuple[int, ...]
    closed: tuple[int, ...]
    open: tuple[int, ...]


class DurationBuckets(AnswerModel):
    """How many threads took how long: less than the first of `up_to_hours`, than the second…, and longer."""

    up_to_hours: tuple[int, ...]
    first_response: tuple[int, ...]
    merge: tuple[int, ...]


class Component(AnswerModel):
    """One part of the health score; value and score (0-1) are null when too little is known: see explanation."""

    name: str
    value: float | None
    unit: str
    score: float | None
    weight: float
    sample_size: int | None
    formula: Formula
    explanation: str
    left_out: LeftOut = 0


class Trend(AnswerModel):
    """Against the window of equal length before; null where that one is not known well enough."""

    direction: Literal["up", "down", "flat"] | None
    previous_score: float | None
    change: float | None
    explanation: str


class HealthResult(AnswerModel):
    """health_score: 0-100, null below 60 % known weight. confidence: known weight / all weight.

    people, bots, ai_assistants: how many took part; null where several repositories are compared.
    """

    health_score: float | None
    confidence: float | None
    components: tuple[Component, ...]
    trend: Trend
    recommendations: tuple[str, ...]
    people: int | None
    bots: int | None
    ai_assistants: int | None


class Developer(AnswerModel):
    """What one account did in the window, by kind of contribution.

    first_responses: issues and pull requests of others that it was the first person to answer in the window.
    """

    login: str
    kind: Kind
    is_bot: Flag = False
    total: int
    contributions: dict[str, int]
    first_responses: int = 0
    median_first_response_hours: float | None = None
    first_seen: str
    last_seen: str
    new_contributor: bool | None
    repositories: Strings = ()
    evidence: Evidence = ()


class DeveloperResult(AnswerModel):
    """People, bots and AI assistants apart, each by total descending, then login."""

    developers: tuple[Developer, ...]
    bots: tuple[Developer, ...]
    ai_assistants: tuple[Developer, ...]
    total_people: int
    formula: Formula


class Finding(AnswerModel):
    """Something a person should look at, with why and where."""

    type: str
    severity: RiskLevel
    title: str
    explanation: str
    occurred_at: str | None
    actors: Strings = ()
    evidence: Evidence


class SecurityResult(AnswerModel):
    """risk_level follows from the findings by `formula`; `unknown` lists what could not be looked at."""

    risk_level: RiskLevel | None
    findings: tuple[Finding, ...]
    findings_omitted: int = 0
    unknown: tuple[str, ...]
    formula: Formula


class Anomaly(AnswerModel):
    """A bucket (or an actor's burst) far from what is usual."""

    type: Literal["spike", "drop", "burst"]
    event_type: str
    bucket: Literal["hour", "day"]
    started_at: str
    observed: int
    expected: float
    p_value: float
    actor_login: str | None = None
    sample_size: int
    explanation: str
    evidence: Evidence


class AnomalyResult(AnswerModel):
    """Empty with `explanation` when history is too short to say what is usual."""

    anomalies: tuple[Anomaly, ...]
    tested_buckets: int
    formula: Formula
    explanation: str


class DoraKey(AnswerModel):
    """One of the four keys, as a proxy; band and value are null when the data cannot carry them."""

    name: Literal["deployment_frequency", "lead_time", "change_failure_rate", "time_to_restore"]
    value: float | None
    unit: str
    band: Literal["elite", "high", "medium", "low"] | None
    sample_size: int
    formula: Formula
    explanation: str
    evidence: Evidence = ()


class ReleaseAnswer(AnswerModel):
    """A published release; pre-releases are no deliveries to the four keys."""

    tag: str
    prerelease: Flag = False
    published_at: str
    author_login: str | None
    evidence: Evidence


class DeploymentAnswer(AnswerModel):
    """A deployment and its last known state."""

    id: str
    environment: str | None
    sha: str | None
    created_at: str
    state: str | None
    evidence: Evidence


class FailingWorkflow(AnswerModel):
    """A workflow whose last verdict is a failure; since: its first failure after a success, sha: of that commit.

    since_known: false where no success before it is known, so that it may fail for longer. workflow: its name, with its
    file or id where others have that name. branch: where the default branch is not known.
    """

    workflow: str
    workflow_id: int | None
    branch: str | None
    since: str
    sha: str | None
    since_known: bool
    evidence: Evidence


class WorkflowRunsResult(AnswerModel):
    """Verdicts of workflow runs on the default branch, or on any where it is not known; skipped ones give none."""

    verdicts: int
    failed: int
    failing: tuple[FailingWorkflow, ...]
    complete: bool
    explanation: str


class DeploymentResult(AnswerModel):
    """Releases and deployments, newest first, and the four keys; workflow_runs is null where none is known.

    total_*: null where none is known and not all of the window's were listed.
    """

    total_releases: int | None
    total_deployments: int | None
    releases: tuple[ReleaseAnswer, ...]
    deployments: tuple[DeploymentAnswer, ...]
    dora: tuple[DoraKey, ...]
    workflow_runs: WorkflowRunsResult | None = None
