"""All checks in one list, and the risk level that follows from what they found."""

from ..results import Finding, RiskLevel, SecurityResult
from .access import find_added_members, find_first_releases, find_open_advisories, find_publication
from .case import HISTORY, Case, Check, Found, SecurityInputs
from .changed_files import find_dependency_changes, find_security_commits, find_unread_files, find_workflow_changes
from .force_pushes import find_force_pushes, find_moved_tags, find_recreated_tags
from .texts import find_hidden_characters, find_instructions

CHECKS: tuple[Check, ...] = (
    find_force_pushes,
    find_moved_tags,
    find_recreated_tags,
    find_first_releases,
    find_workflow_changes,
    find_dependency_changes,
    find_unread_files,
    find_added_members,
    find_publication,
    find_security_commits,
    find_open_advisories,
    find_instructions,
    find_hidden_characters,
)

SEVERITIES: tuple[RiskLevel, ...] = ("low", "medium", "high", "critical")

ESCALATE_FROM = 3
"""So many kinds of finding at the highest severity, medium or high, raise the risk level by one step."""

FORMULA = (
    "risk_level is the highest severity among the findings, one step higher when at least "
    f"{ESCALATE_FROM} kinds of finding share it (medium or high); low when nothing was found in what could be looked "
    "at; null when nothing at all is known about the window. What is listed under unknown was not looked at: it is not "
    f"counted as fine. Who is new is judged by up to {HISTORY.days} days before the window. Similar occurrences are "
    "one finding, with the newest five as evidence."
)


def assess_security(inputs: SecurityInputs) -> SecurityResult:
    """Return findings by severity, then newest first, and what could not be judged."""
    case = Case(inputs)
    said = [said for check in CHECKS for said in check(case)]
    findings = sorted((one.finding for one in said if isinstance(one, Found)), key=lambda one: (one.type, one.title))
    findings.sort(key=lambda one: (SEVERITIES.index(one.severity), one.occurred_at or ""), reverse=True)
    return SecurityResult(
        risk_level=_risk_level(findings) if findings or _anything_known(case) else None,
        findings=tuple(findings),
        unknown=tuple(dict.fromkeys([*inputs.unknown, *(one for one in said if isinstance(one, str))])),
        formula=FORMULA,
    )


def find_severe(inputs: SecurityInputs) -> list[Found]:
    """Return findings of high or critical severity, with all of their occurrences."""
    case = Case(inputs)
    said = [said for check in CHECKS for said in check(case)]
    return [one for one in said if isinstance(one, Found) and one.finding.severity in {"high", "critical"}]


def _risk_level(findings: list[Finding]) -> RiskLevel:
    if not findings:
        return "low"
    highest = max(SEVERITIES.index(one.severity) for one in findings)
    kinds = {one.type for one in findings if one.severity == SEVERITIES[highest]}
    escalates = highest > 0 and len(kinds) >= ESCALATE_FROM
    return SEVERITIES[highest + escalates]  # no finding is critical by itself


def _anything_known(case: Case) -> bool:
    """Return whether a record of the window is stored, a part of it is known, or its present was observed."""
    inputs = case.inputs
    return bool(
        inputs.events_stored
        or case.window_rows
        or case.window_commits
        or inputs.snapshot
        or any(
            span.since < inputs.until and span.until > inputs.since
            for span in (*inputs.events_known, *inputs.commits_known)
        )
    )
