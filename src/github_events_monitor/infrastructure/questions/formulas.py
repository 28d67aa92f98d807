"""How each number is made: asked of the insights themselves, which carry their formulas, so that none stands twice."""

from functools import cache

from ...insights.deployments import DeploymentInputs, measure_deployments
from ...insights.developers import rank_developers
from ...insights.patterns import PatternInputs, find_anomalies
from ...insights.repository_health import HealthInputs, assess_health
from ...insights.security import SecurityInputs, assess_security

_SINCE, _UNTIL = "2026-01-01T00:00:00Z", "2026-01-31T00:00:00Z"
"""Any window: formulas do not depend on it."""


@cache
def formulas() -> dict[str, dict[str, str]]:
    """Return by question the formula of each number in its answer, in plain words."""
    health = assess_health(HealthInputs(since=_SINCE, until=_UNTIL, activity=()))
    delivery = measure_deployments(DeploymentInputs(since=_SINCE, until=_UNTIL))
    anomalies = find_anomalies(PatternInputs(since=_SINCE, until=_UNTIL, activity=()))
    security = assess_security(SecurityInputs(since=_SINCE, until=_UNTIL))
    developers = rank_developers((), (), since=_SINCE, until=_UNTIL)
    return {
        "repository_health": {
            "health_score": "100 x sum of weight x score over the components with a score / the sum of their weights",
            **{part.name: part.formula for part in health.components},
        },
        "deployment_metrics": {key.name: key.formula for key in delivery.dora},
        "event_anomalies": {"anomalies": anomalies.formula},
        "security_report": {"risk_level": security.formula},
        "developer_activity": {"total": developers.formula},
    }
