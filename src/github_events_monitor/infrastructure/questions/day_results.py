"""What is kept of insights, a day's result each, so that trends are answered from history."""

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Any

from ...errors import DatabaseError
from ...insights.results import AnomalyResult, DeploymentResult, DeveloperResult, HealthResult, SecurityResult
from ...records import MetricRow
from ..database_interface import MetricsRepository, MetricTable
from .windows import Asked

if TYPE_CHECKING:
    from .context import Subject

logger = logging.getLogger(__name__)

_REMEMBERED = 2_000
"""Results of which it is remembered that they are kept; one that was forgotten is written once more, the same."""

_Basis = tuple[str, int, str]
"""Day, hours and the last collection: what a result was made of."""


class DayResults:
    """Keeps results of the present, once for each state of what was collected."""

    def __init__(self, metrics: MetricsRepository) -> None:
        self._metrics = metrics
        self._kept: OrderedDict[tuple[str, str], _Basis] = OrderedDict()

    async def keep_health(self, subject: "Subject", asked: Asked, answer: HealthResult) -> None:
        """Score, confidence and the components' values, in the repository's row."""
        if (basis := self._due("health", subject, asked)) is not None:
            result = {
                "health_score": answer.health_score,
                "confidence": answer.confidence,
                "hours": asked.window.hours,
                "components": {part.name: part.value for part in answer.components},
            }
            await self._save("health", subject, basis, self._metrics.save_health(subject.key, basis[0], result))

    async def keep_developers(self, subject: "Subject", asked: Asked, answer: DeveloperResult) -> None:
        """What each person, bot and assistant contributed, by login."""
        day = asked.span.until[:10]
        rows = [
            MetricRow(
                key=row.login.lower(),
                sort=f"{subject.key}#{day}",
                data={"hours": asked.window.hours, "kind": row.kind, "total": row.total, "by_kind": row.contributions},
            )
            for row in (*answer.developers, *answer.bots, *answer.ai_assistants)
        ]
        await self._keep("developer_metrics", subject, asked, rows)

    async def keep_security(self, subject: "Subject", asked: Asked, result: SecurityResult) -> None:
        """The risk level and the kinds of findings."""
        data = {
            "hours": asked.window.hours,
            "risk_level": result.risk_level,
            "findings": [finding.type for finding in result.findings],
        }
        await self._keep("security_metrics", subject, asked, [_of_the_day("report", subject, asked, data)])

    async def keep_anomalies(self, subject: "Subject", asked: Asked, result: AnomalyResult) -> None:
        """Each anomaly as it was found."""
        rows = [
            MetricRow(
                key=subject.key,
                sort=f"{found.type}#{found.event_type}#{found.bucket}#{found.started_at}",
                data=found.to_wire(),
            )
            for found in result.anomalies
        ]
        await self._keep("event_patterns", subject, asked, rows)

    async def keep_deployments(self, subject: "Subject", asked: Asked, result: DeploymentResult) -> None:
        """The values of the four keys."""
        values = {key.name: key.value for key in result.dora}
        data = {"kind": "keys", "hours": asked.window.hours, "values": values}
        await self._keep("deployment_metrics", subject, asked, [_of_the_day("keys", subject, asked, data)])

    async def _keep(self, table: MetricTable, subject: "Subject", asked: Asked, rows: Sequence[MetricRow]) -> None:
        if (basis := self._due(table, subject, asked)) is not None:
            await self._save(table, subject, basis, self._metrics.save_metrics(table, rows) if rows else None)

    async def _save(self, what: str, subject: "Subject", basis: _Basis, saving: Awaitable[object] | None) -> None:
        """Store a result. One that cannot be stored is answered all the same, and tried again by the next question."""
        try:
            if saving is not None:
                await saving
        except DatabaseError as error:
            logger.warning("a result about %s is answered and not kept: %s", subject.key, error.message)
        else:
            self._note(what, subject, basis)

    def _due(self, what: str, subject: "Subject", asked: Asked) -> _Basis | None:
        """Return what a result was made of; None where it is of the past, of nothing collected, or kept already.

        None also where nothing could be written just now: another attempt would keep the answer waiting.
        """
        collected = subject.state.last_collected_at if subject.state else None
        if not asked.current or collected is None or isinstance(subject.problem, DatabaseError):
            return None
        basis = (asked.span.until[:10], asked.window.hours, collected)
        return None if self._kept.get((what, subject.key)) == basis else basis

    def _note(self, what: str, subject: "Subject", basis: _Basis) -> None:
        """Remember that a result is kept."""
        self._kept[what, subject.key] = basis
        self._kept.move_to_end((what, subject.key))
        if len(self._kept) > _REMEMBERED:
            self._kept.popitem(last=False)


def _of_the_day(kind: str, subject: "Subject", asked: Asked, data: dict[str, Any]) -> MetricRow:
    return MetricRow(key=subject.key, sort=f"{kind}#{asked.span.until[:10]}", data=data)
